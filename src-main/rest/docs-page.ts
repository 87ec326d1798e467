import { createHash } from 'node:crypto';
import type { OpenApiDocument, OpenApiOperation } from './openapi.ts';

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; text-transform: capitalize; }
details { border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: 6px; margin: .5rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { overflow: auto; padding: .6rem; background: color-mix(in srgb, currentColor 8%, transparent); border-radius: 6px; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .1rem 1rem .1rem 0; vertical-align: top; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 600; } .access { float: right; opacity: .7; }
`;

/** The page holds no script, and nothing from elsewhere: it may be shown under the strictest policy. */
export const docsPolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const text = (value: string) => value.replace(/[&<>"']/g, (character) => escapes[character] as string);
const json = (value: unknown) => `<pre>${text(JSON.stringify(value, undefined, 2))}</pre>`;

/** The contract for people: one foldable part a route. `openapi` is the document's address as the page sees it. */
export function docsPage(document: OpenApiDocument, openapi: string): string {
  const tags = new Map<string, string[]>();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0] ?? '';
      tags.set(tag, [...(tags.get(tag) ?? []), part(method.toUpperCase(), path, operation)]);
    }
  }
  const base = document.servers[0]?.url ?? '';
  const sections = [...tags].map(([tag, parts]) => `<h2>${text(tag)}</h2>${parts.join('')}`).join('');
  const schemas = Object.entries(document.components.schemas)
    .map(([name, schema]) => `<details id="${text(name)}"><summary><code>${text(name)}</code></summary>${json(schema)}</details>`)
    .join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Octopus API</title><style>${style}</style></head>
<body><h1>Octopus API ${text(document.info.version)}</h1>
<p>All paths are below <code>${text(base)}</code>. For programs: <a href="${text(openapi)}">openapi.json</a>.</p>
<p>Sign in, then send the access token as <code>Authorization: Bearer …</code>. Failures are problems (RFC 9457) with a <code>code</code>
and the <code>requestId</code> that the log has too.</p>
${sections}<h2>Schemas</h2>${schemas}</body></html>
`;
}

function part(method: string, path: string, operation: OpenApiOperation): string {
  const rows = operation.parameters
    .map((one) => {
      const facts = [one.in, one.required ? 'required' : '', one.description ?? (one.schema.description as string | undefined) ?? ''];
      return `<tr><td><code>${text(one.name)}</code></td><td>${text(facts.filter((fact) => fact !== '').join(', '))}</td></tr>`;
    })
    .join('');
  const body = operation.requestBody?.content['application/json']?.schema;
  const answers = Object.entries(operation.responses)
    .filter(([status]) => status !== 'default')
    .map(([status, response]) => {
      const content = Object.values(response.content ?? {})[0];
      return `<h4>${text(status)} ${text(response.description)}</h4>${content ? json(content.schema) : ''}`;
    })
    .join('');
  const id = text(operation.operationId);
  return `<details id="${id}"><summary><span class="access">${text(operation['x-octopus-access'])}</span><code><span class="method">${method}</span> ${text(path)}</code><br>${text(operation.summary)}</summary>
${rows === '' ? '' : `<h4>Parameters</h4><table>${rows}</table>`}${body ? `<h4>Body</h4>${json(body)}` : ''}${answers}</details>`;
}
