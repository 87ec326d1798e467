import { OctopusError } from '../../workers/octopus-error.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The body as JSON. Refuses what later code would trip over: bad UTF-8, deep nesting, half characters, keys that reach a prototype. */
export function parseJsonBody(bytes: Buffer, maxDepth: number): unknown {
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw malformed('The body is not UTF-8.');
  }
  if (deeperThan(text, maxDepth)) throw malformed(`The body is nested deeper than ${maxDepth} levels.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the body, which may hold a secret.
    throw malformed('The body is not valid JSON.');
  }
  check(value);
  return value;
}

function malformed(message: string): OctopusError {
  return new OctopusError('argument.invalid', message, { field: 'body' });
}

/** Counts brackets outside of strings, so that nothing recursive ever sees a deep value. */
function deeperThan(text: string, most: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (quoted) {
      if (code === 0x5c) index++;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > most) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

function check(value: unknown): void {
  if (typeof value === 'string') checkText(value, 'A text');
  else if (Array.isArray(value)) for (const item of value) check(item);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      checkText(key, 'A name');
      if (key === '__proto__') throw malformed("The body has a field '__proto__'.");
      check(item);
    }
  }
}

function checkText(text: string, what: string): void {
  if (!text.isWellFormed()) throw malformed(`${what} in the body has half of a surrogate pair.`);
  if (text.includes('\0')) throw malformed(`${what} in the body has a NUL character.`);
}
