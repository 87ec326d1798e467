import fc from 'fast-check';
import { z } from 'zod';

// biome-ignore lint/suspicious/noExplicitAny: JSON Schema
type Json = any;

/** Texts that programs trip over. */
export const strangeText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    '\0',
    '\r\nX-Injected: 1',
    '../../../etc/passwd',
    "'; DROP TABLE users; --",
    '%00',
    '%',
    '__proto__',
    'constructor',
    'toString',
    '\u202Egnp.exe',
    '\ud800',
    '\ufeff',
    'ﬃ',
    'a'.repeat(5000),
    '💣'.repeat(300),
    '${7*7}',
    '{{7*7}}',
    'NaN',
    '-1',
    '1e999',
    '0x10',
    '<script>alert(1)</script>',
  ),
);

export const strangeValue: fc.Arbitrary<unknown> = fc.oneof(
  strangeText,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(null, true, 0, -1, 2 ** 53, 1e308, [], {}, [[]], { __proto__x: 1 }),
);

/**
 * Values that fit the schema, nearly: patterns are not all understood. `known` gives values for fields by their name. Half of the values
 * have only what is required.
 */
export function arbitraryOf(schema: z.ZodType | undefined, known: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  if (schema === undefined) return fc.constant(undefined);
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;
  return fc.oneof(...[true, false].map((whole) => build(json, json.$defs ?? {}, known, '', whole)));
}

function build(json: Json, defs: Json, known: Record<string, fc.Arbitrary<unknown>>, name: string, whole: boolean): fc.Arbitrary<unknown> {
  if (Object.hasOwn(known, name)) return known[name] as fc.Arbitrary<unknown>;
  if (json.$ref) return build(defs[json.$ref.replace('#/$defs/', '')] ?? {}, defs, known, name, whole);
  if (json.const !== undefined) return fc.constant(json.const);
  if (json.enum) return fc.constantFrom(...json.enum);
  const either = json.anyOf ?? json.oneOf;
  if (either) return fc.oneof(...either.map((one: Json) => build(one, defs, known, name, whole)));
  switch (json.type) {
    case 'object': {
      const required = new Set<string>(json.required ?? []);
      const fields = Object.entries(json.properties ?? {})
        .filter(([key]) => whole || required.has(key))
        .map(([key, value]) => [key, build(value, defs, known, key, whole)] as const);
      return fc.record(Object.fromEntries(fields), { requiredKeys: [...required] as never[] });
    }
    case 'array':
      return fc.array(build(json.items ?? {}, defs, known, name, whole), {
        minLength: json.minItems ?? 0,
        maxLength: Math.min(json.maxItems ?? 3, 5),
      });
    case 'integer':
      return fc.integer({ min: Math.max(json.minimum ?? 0, -(2 ** 31)), max: Math.min(json.maximum ?? 2 ** 31, 2 ** 31) });
    case 'number':
      return fc.double({ min: json.minimum ?? 0, max: json.maximum ?? 1e6, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'string':
      if (json.format === 'date-time')
        return fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString());
      return fc.string({
        unit: 'grapheme-ascii',
        minLength: Math.min(json.minLength ?? 0, 50),
        maxLength: Math.min(json.maxLength ?? 30, 50),
      });
    default:
      return strangeValue;
  }
}

/** One field replaced, added or left out, or another value altogether. */
export function damaged(whole: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(whole, strangeValue, strangeText, fc.nat(), fc.nat(3)).map(([value, strange, key, index, how]) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || how === 0) return strange;
    const keys = Object.keys(value);
    const chosen = keys[index % Math.max(1, keys.length)] ?? 'x';
    if (how === 1) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== chosen));
    return { ...value, [how === 2 ? chosen : key.toWellFormed()]: strange };
  });
}
