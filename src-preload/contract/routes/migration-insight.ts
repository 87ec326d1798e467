import { z } from 'zod';
import { flag, id, idParams } from '../common.ts';
import { defineRoute } from '../route.ts';

/** The number that a cell of the disk map holds is the place in this list. */
export const blockStates = ['unknown', 'waiting', 'copied', 'zero', 'unchanged', 'changed-again', 'verified'] as const;
export type BlockStateName = (typeof blockStates)[number];

const range = z
  .object({ low: z.number(), likely: z.number(), high: z.number() })
  .meta({ id: 'Range', description: 'An honest range: it is expected between low and high.' });

export const forecast = z
  .object({
    downtimeMs: range
      .optional()
      .meta({ description: 'From the power-off at the source until the machine is up at the target. Absent while nothing is known.' }),
    parts: z.array(
      z.object({
        id: z.enum(['shutdown', 'final-run', 'start']),
        ms: range,
        basis: z.string().meta({ description: 'What it rests on, in a sentence.' }),
        measured: z.boolean().meta({ description: 'From runs or cutovers of this migration; else an assumption.' }),
      }),
    ),
    basedOnRuns: z.int().meta({ description: 'Number of its finished runs that were looked at.' }),
  })
  .meta({ id: 'Forecast' });

export const diskMap = z
  .object({
    runId: id.optional().meta({ description: 'The run that is told of; absent where there was none yet.' }),
    running: z.boolean(),
    states: z.array(z.enum(blockStates)).meta({ description: 'What the number in a cell means: its place in this list.' }),
    disks: z.array(
      z.object({
        key: z.number(),
        label: z.string(),
        capacity: z.number().meta({ description: 'Bytes.' }),
        blockSize: z.int(),
        blocks: z.int(),
        blocksPerCell: z.int().meta({ description: 'The last cell may hold fewer.' }),
        cells: z.string().meta({ description: 'A byte a cell in Base64.' }),
        counts: z
          .array(z.int())
          .meta({ description: 'Blocks in each state, in the order of `states`; exact, whatever the number of cells.' }),
      }),
    ),
  })
  .meta({ id: 'DiskMap' });

/** What is looked at; a cutover names those whose warnings its person accepts. */
export const checkIds = [
  'source',
  'machine',
  'privileges',
  'snapshots',
  'tracking',
  'disks',
  'firmware',
  'quiesce',
  'conflict',
  'target',
  'space',
  'boot-failed',
] as const;
export type CheckId = (typeof checkIds)[number];

export const check = z
  .object({
    id: z.enum(checkIds),
    outcome: z.enum(['pass', 'warn', 'fail']),
    text: z.string(),
    action: z.string().optional().meta({ description: 'What a person can do about it.' }),
  })
  .meta({ id: 'Check' });

export const migrationInsightRoutes = {
  'migrations.check': defineRoute({
    method: 'GET',
    path: '/migration-checks',
    tag: 'migrations',
    summary: 'What can be known before a migration is made: asks the source and the target, changes nothing.',
    access: 'operator',
    query: z.strictObject({
      machineId: id,
      targetId: id,
      quiesce: flag.default(false),
    }),
    response: z.object({
      outcome: z.enum(['pass', 'warn', 'fail']).meta({ description: 'The worst of all.' }),
      items: z.array(check),
    }),
    status: 200,
  }),
  'migrations.forecast': defineRoute({
    method: 'GET',
    path: '/migrations/:id/forecast',
    tag: 'migrations',
    summary: 'How long the machine would be down in a cutover now.',
    access: 'viewer',
    owned: 'migration',
    params: idParams,
    response: forecast,
    status: 200,
  }),
  'migrations.diskMap': defineRoute({
    method: 'GET',
    path: '/migrations/:id/disk-map',
    tag: 'migrations',
    summary: 'The state of every block of the run that goes on, or of the last one; cheap enough to ask every two seconds.',
    access: 'viewer',
    owned: 'migration',
    params: idParams,
    query: z.strictObject({ cells: z.coerce.number().int().min(1).max(16_384).default(4096).meta({ description: 'Most cells a disk.' }) }),
    response: diskMap,
    status: 200,
  }),
};

export type Check = z.input<typeof check>;
export type DiskMap = z.input<typeof diskMap>;
export type Forecast = z.input<typeof forecast>;
