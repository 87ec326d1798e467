import { z } from 'zod';

/** An id is opaque: give back what was answered. */
export const id = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9._:-]+$/)
  .meta({ examples: ['0f4c1a52-6b1e-4a53-9d3c-3a8f6a3f1b9e'] });
export const idParams = z.strictObject({ id });

/** ISO 8601, UTC. */
export const time = z.iso.datetime().meta({ examples: ['2030-01-31T12:00:00Z'] });

/** A name that people gave: one line. */
export const name = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must be one line of text')
  .meta({ examples: ['accounting'] });

/** A line that is searched for. */
export const searchText = z
  .string()
  .max(200)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must be one line of text')
  .meta({ examples: ['web'] });

/** A folder or file of the machine that Octopus runs on, as its system writes it. */
export const localPath = z
  .string()
  .min(1)
  .max(1000)
  .regex(/^(\/|[A-Za-z]:[\\/])[^\p{Cc}\p{Cs}]*$/u, 'must be an absolute path');

/** One step of a test before anything is stored; steps after one that failed are mostly not tried. */
export function probeStep<const Id extends readonly [string, ...string[]]>(ids: Id) {
  return z.object({
    id: z.enum(ids),
    outcome: z.enum(['passed', 'failed', 'not-tried']),
    text: z.string().meta({ description: 'A sentence for people.' }),
    detail: z.string().optional().meta({ description: 'What helps to mend it.' }),
  });
}

/** Goes in, never comes out: no response may hold it (a test checks). */
export const secret = z.string().min(1).max(1024).meta({ format: 'password', writeOnly: true });

/** In a query `true` and `false` are words. */
export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]);

export const limit = z.coerce.number().int().min(1).max(500).default(50).meta({ description: 'Most items on a page.' });
export const cursor = z
  .string()
  .min(1)
  .max(2000)
  .regex(/^[A-Za-z0-9_-]+$/)
  .meta({ description: '`next` of the page before; only with the same filter and sort.' });
/** For lists that are shown as a whole: one may begin anywhere. What is added or removed meanwhile moves the others, which a cursor does not let happen. */
export const position = z.coerce
  .number()
  .int()
  .min(0)
  .max(10_000_000)
  .optional()
  .meta({ description: 'Begins at this item of the order, counted from 0: to jump. Not together with a cursor.' });
export const paging = { limit, cursor: cursor.optional() };

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    /** Absent on the last page. */
    next: z.string().optional(),
  });
}

/** With status 204. */
export const nothing = z.undefined();

export const failure = z.object({ code: z.string(), message: z.string() });

/** Of a source or a target. */
export const contact = z
  .object({
    askedAt: time,
    answeredAt: time.optional(),
    failure: failure
      .extend({ since: time.meta({ description: 'Of the first failure after it last answered.' }) })
      .optional()
      .meta({ description: 'Absent once it has answered again.' }),
  })
  .meta({ id: 'Contact', description: 'Whether it answered when it was last asked.' });
