import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

const masked = '[hidden]';
const secretName = /pass|secret|token|credential|authorization|cookie|private|api-?key/i;

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** One JSON object a line. Fields that are named like a secret are hidden wherever they stand; bodies and queries are never logged at all. */
export function createLog(level: LogLevel, destination: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (fields) => hide(fields, 0) as Record<string, unknown> },
      serializers: { err: (error: unknown) => error },
    },
    destination,
  );
}

function hide(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth > 6) return masked;
  if (value instanceof Error) {
    const { name, message, stack } = value;
    return { name, message, stack };
  }
  if (Array.isArray(value)) return value.map((item) => hide(item, depth + 1));
  const prototype = Object.getPrototypeOf(value);
  // Sockets, requests and the like: big, and full of headers.
  if (prototype !== Object.prototype && prototype !== null) return `[${prototype.constructor?.name ?? 'object'}]`;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, secretName.test(key) ? masked : hide(item, depth + 1)]));
}

/** What a request brought that must not be repeated: its bearer token, and every field of its body that is named like a secret. */
export function secretsOf(authorization: string | undefined, body: unknown): string[] {
  const found = authorization === undefined ? [] : [authorization, authorization.replace(/^\S+\s+/, '')];
  collect(body, false, found);
  return found.filter((text) => text.length > 0).sort((a, b) => b.length - a.length);
}

function collect(value: unknown, secret: boolean, found: string[]): void {
  if (typeof value === 'string') {
    if (secret) found.push(value);
  } else if (Array.isArray(value)) for (const item of value) collect(item, secret, found);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) collect(item, secret || secretName.test(key), found);
  }
}

/** An error as text for the log, with its causes, without the secrets of the request that met it. */
export function errorText(error: unknown, secrets: readonly string[]): string {
  const parts: string[] = [];
  for (let at = error; at !== undefined && parts.length < 5; at = at instanceof Error ? at.cause : undefined) {
    parts.push(at instanceof Error ? (at.stack ?? at.message) : String(at));
  }
  return secrets.reduce((text, secret) => text.replaceAll(secret, masked), parts.join('\ncaused by ')).slice(0, 8000);
}
