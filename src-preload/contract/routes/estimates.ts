import { z } from 'zod';
import { id, time } from '../common.ts';
import { defineRoute } from '../route.ts';

const range = z.object({ low: z.number(), likely: z.number(), high: z.number() });

export const estimate = z
  .object({
    machineId: id,
    machineName: z.string(),
    capacity: z.number().meta({ description: 'Bytes of its disks that can be replicated.' }),
    excludedDisks: z.int(),
    read: range.meta({ description: 'Bytes that the first run reads.' }),
    moved: range.meta({ description: 'Bytes that the first run sends.' }),
    stored: range.meta({
      description:
        'Bytes that the replica and its first recovery point take at the target; about half of them where its file system shares blocks.',
    }),
    basis: z.enum(['runs', 'similar', 'capacity']).meta({
      description: 'Runs of this very machine; first runs of others; or the size of its disks alone, which is the widest guess.',
    }),
    madeAt: time,
  })
  .meta({ id: 'Estimate' });

export const estimateRoutes = {
  'estimates.get': defineRoute({
    method: 'GET',
    path: '/estimates',
    tag: 'migrations',
    summary: 'What the first run of these machines would move, how long it would take and what it would store.',
    access: 'viewer',
    query: z.strictObject({
      machineIds: z
        .string()
        .min(1)
        .max(12_000)
        .regex(/^[A-Za-z0-9._:-]+(,[A-Za-z0-9._:-]+)*$/, 'must be ids with commas between')
        .meta({ description: 'With commas between, at most 200.', examples: ['0f4c1a52-6b1e-4a53-9d3c-3a8f6a3f1b9e'] }),
      targetKind: z.enum(['local']).default('local'),
      throughput: z.coerce
        .number()
        .min(1)
        .max(1e12)
        .optional()
        .meta({ description: 'Bytes a second; measured in earlier runs unless given.' }),
      bandwidthLimit: z.coerce.number().int().min(0).max(1e12).default(0).meta({
        description: 'Bytes a second that a migration of these reads at most; 0 sets none. What all runs may read counts as well.',
      }),
    }),
    response: z.object({
      items: z.array(estimate),
      total: z.object({ capacity: z.number(), read: range, moved: range, stored: range, ms: range.optional() }),
      throughput: z
        .object({ bytesPerSecond: range, basis: z.enum(['given', 'measured']), runs: z.int().meta({ description: 'It was measured in.' }) })
        .optional()
        .meta({ description: 'Absent while no run has measured one and none was given: then no time is told.' }),
      limit: z
        .object({ bytesPerSecond: z.number(), of: z.enum(['all', 'migration']) })
        .optional()
        .meta({
          description: 'The bandwidth limit that the time is by, of all runs or of the migration; absent where none makes it longer.',
        }),
      basis: z.string().meta({ description: 'What all this rests on, in a sentence.' }),
    }),
    status: 200,
  }),
};

export type Estimate = z.input<typeof estimate>;
