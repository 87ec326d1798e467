import type { JsonValue } from './canonical-json.ts';

export const MASK = '***';

/** Deeper values and longer texts are cut: nothing that is worth recording is so large, and what comes from outside might be. */
const DEPTH = 32;
const TEXT = 8192;

const secretName =
  /passw(or)?d|pwd|secret|token|passphrase|private_?key|api_?key|access_?key|shared_?key|encryption_?key|credential|authorization|cookie|bearer/;
/** Numbers that merely speak of a secret: `accessTokenMinutes`, `passwordMinimumLength`. */
const measure = /(milliseconds|seconds|minutes|hours|days|length|count|attempts)$/i;

/** By the name of a field, however it is written: `privateKey`, `PRIVATE-KEY`, `private_key`. */
export function isSecretName(name: string): boolean {
  return secretName.test(name.toLowerCase().replace(/[-. ]/g, '_'));
}

/** Secrets inside a text: credentials of an address, `Bearer …`, JSON Web Tokens, PEM private keys, `password=…`. */
export function maskText(text: string): string {
  return text
    .replace(/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(-----END \1-----|$)/g, MASK)
    .replace(/\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@]{0,256}:)[^\s/@]+@/gi, `$1${MASK}@`)
    .replace(/\beyJ[\w-]{5,}\.[\w-]+\.[\w-]+/g, MASK)
    .replace(/\b(Bearer|Basic) +[\w+/=.~-]{8,}/gi, `$1 ${MASK}`)
    .replace(
      /\b(passw(?:or)?d|passphrase|secret|token|(?:private|api|access)[_-]?key)(["']? ?[=:] ?["']?)(?!\*\*\*)[^\s"',;&]+/gi,
      `$1$2${MASK}`,
    );
}

/**
 * Any value as plain JSON without its secrets: masked by the names of fields at any depth (empty ones, switches and measures stay), by
 * `{ name: 'password', value }` pairs and inside texts. Cycles, functions and binary data become a word; texts become well-formed.
 */
export function maskSecrets(value: unknown): JsonValue {
  const above = new Set<object>();
  return plain(value, 0);

  function plain(item: unknown, depth: number): JsonValue {
    if (item === null || item === undefined) return null;
    if (typeof item === 'string') return text(item);
    if (typeof item === 'boolean') return item;
    if (typeof item === 'number') return Number.isFinite(item) ? item : null;
    if (typeof item === 'bigint') return String(item);
    if (typeof item !== 'object') return `[${typeof item}]`;
    if (item instanceof Date) return Number.isNaN(item.getTime()) ? null : item.toISOString();
    if (ArrayBuffer.isView(item)) return `[${item.byteLength} bytes]`;
    if (item instanceof Error) return { name: item.name, message: text(item.message) };
    if (above.has(item)) return '[circular]';
    if (depth >= DEPTH) return '[too deep]';
    above.add(item);
    try {
      if (Array.isArray(item) || item instanceof Set) return [...item].map((member) => plain(member, depth + 1));
      return members(item instanceof Map ? [...item].map(([key, member]) => [String(key), member]) : Object.entries(item), depth);
    } finally {
      above.delete(item);
    }
  }

  function members(entries: [string, unknown][], depth: number): JsonValue {
    const named = entries.find(([key, member]) => /^(name|key|field)$/i.test(key) && typeof member === 'string');
    const secretValue = named !== undefined && isSecretName(String(named[1]));
    return Object.fromEntries(
      entries
        .filter(([, member]) => member !== undefined)
        .map(([key, member]) => {
          const hide = isSecretName(key) || (secretValue && /^(value|default|before|after)$/i.test(key));
          const about = /^value$/i.test(key) ? String(named?.[1] ?? key) : key;
          return [key.toWellFormed(), hide && !harmless(about, member) ? MASK : plain(member, depth + 1)];
        }),
    );
  }

  function harmless(name: string, member: unknown): boolean {
    return member === null || member === '' || typeof member === 'boolean' || (typeof member === 'number' && measure.test(name));
  }

  function text(item: string): string {
    const cut = item.length > TEXT ? `${item.slice(0, TEXT)}… (${item.length} characters)` : item;
    return maskText(cut.toWellFormed());
  }
}
