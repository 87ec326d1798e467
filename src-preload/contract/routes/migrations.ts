import { z } from 'zod';
import { failure, id, idParams, nothing, pageOf, paging, position, searchText, time } from '../common.ts';
import { defineRoute } from '../route.ts';
import { checkIds } from './migration-insight.ts';

const settings = z.strictObject({
  keep: z.int().min(1).max(1000).meta({ description: 'Recovery points to keep.' }),
  verify: z.enum(['written', 'all']).meta({ description: 'What is read back after a run: what it wrote, or every block.' }),
  quiesce: z.boolean().meta({ description: "Ask the guest's tools to quiesce its file systems for the snapshot." }),
  bandwidthLimit: z.int().min(0).max(1e12).meta({
    description:
      'Bytes a second that its runs read together at most, zeros and unchanged blocks included; 0 sets none. A change counts at once, also in a run.',
  }),
});
const state = z.enum(['active', 'cut-over']);
/** By `state` those that need somebody come first. What never was is the oldest, a run that is not planned the latest. */
export const migrationSort = z.enum([
  'created',
  '-created',
  'machine',
  '-machine',
  'state',
  '-state',
  'lastRun',
  '-lastRun',
  'newestPoint',
  '-newestPoint',
  'nextRun',
  '-nextRun',
  'target',
  '-target',
]);
const work = z.enum(['sync', 'cutover', 'rollback', 'verify']);
const counts = z.object({
  read: z.number(),
  sent: z.number(),
  zero: z.number(),
  unchanged: z.number(),
  resumed: z.number(),
  verified: z.number(),
});

/** When the machine was off for a cutover. */
const outage = {
  downAt: time.optional().meta({ description: 'When the source was told to power off; absent where it was off already.' }),
  upAt: time.optional().meta({ description: 'When it had started at the target; stays where that is rolled back.' }),
  backAt: time.optional().meta({ description: 'When the source ran again, where the cutover was undone.' }),
};

export const run = z
  .object({
    id,
    kind: z.enum(['full', 'incremental', 'reconcile', 'final']),
    state: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
    phase: z.string(),
    notes: z.array(z.string()),
    counts: counts.meta({ description: 'Bytes.' }),
    recoveryPointId: id,
    error: failure.optional(),
    startedAt: time,
    endedAt: time.optional(),
    phases: z
      .array(z.object({ phase: z.string(), startedAt: time, endedAt: time.optional() }))
      .optional()
      .meta({ description: 'In their order, as far as it came. Not in the list of migrations.' }),
    outage: z.object(outage).optional().meta({ description: 'Of a final run: of its cutover. Only in the list of runs.' }),
  })
  .meta({ id: 'Run' });

export const cutover = z
  .object({
    id,
    state: z.enum(['running', 'rolling-back', 'done', 'rolled-back', 'failed', 'cancelled']).meta({
      description: '`cancelled`: before anything was to be undone.',
    }),
    phase: z.string(),
    where: z.string().optional().meta({ description: 'How to reach the machine at the target.' }),
    undone: z.array(z.string()),
    preSync: z.boolean().meta({ description: 'It runs while the source still works.' }),
    checksBoot: z.boolean().meta({ description: 'The replica must boot apart before it starts for good.' }),
    error: failure.optional(),
    startedAt: time,
    endedAt: time.optional(),
    phases: z.array(z.object({ phase: z.string(), startedAt: time })).meta({ description: 'In their order, as far as it came.' }),
    ...outage,
  })
  .meta({ id: 'Cutover' });

export const migration = z
  .object({
    id,
    machineId: id,
    machineName: z.string(),
    sourceId: id,
    targetId: id,
    ownerId: id.optional(),
    state,
    settings,
    bandwidthLimitOfAll: z
      .number()
      .optional()
      .meta({ description: 'Bytes a second that all runs together read at most, this one among them; absent where that has no limit.' }),
    paused: z.boolean().meta({ description: 'Its schedules do nothing; people still can.' }),
    working: work.optional().meta({ description: 'What it is busy with, or waits to begin.' }),
    waitsFor: id.optional().meta({ description: 'The task that works with the same machine: one of this begins once that has ended.' }),
    nextRun: time.optional().meta({ description: 'When a schedule begins its next run: after the quiet window that its time falls into.' }),
    lastRun: run.optional(),
    lastCutover: cutover.optional(),
    lastFailure: z.object({ code: z.string(), message: z.string(), at: time }).optional().meta({
      description:
        'What its last work failed of, also where that was before a run or a cutover of it came to be. Gone after the next run or cutover that ends well.',
    }),
    newestPoint: z
      .object({ id, takenAt: time, verifiedAt: time, outcome: z.enum(['match', 'mismatch']) })
      .optional()
      .meta({ description: 'The newest recovery point that the target holds.' }),
    userIds: z.array(id).meta({ description: 'Whom it was given to, besides its owner.' }),
    createdAt: time,
  })
  .meta({ id: 'Migration' });

export const operation = z
  .object({ operationId: id, migrationId: id, kind: work })
  .meta({ id: 'Operation', description: 'Goes on after the answer: its events tell of it, operation.ended the last.' });

export const recoveryPoint = z
  .object({
    id,
    runId: id,
    kind: z.string(),
    doubts: z.array(z.string()),
    takenAt: time,
    verified: z.enum(['all', 'written']).meta({ description: 'What its run read back: every block, or what it wrote.' }),
    verifiedAt: time.meta({ description: 'When its blocks were last compared with their digests.' }),
    verifiedBy: z.enum(['run', 'verify']).meta({ description: 'Its run, before the point was made; or a reading of every block later.' }),
    outcome: z.enum(['match', 'mismatch']).meta({ description: 'Of that comparison. A point with a mismatch must not be started.' }),
    mismatch: z.string().optional().meta({ description: 'Which disks differ and how.' }),
    disks: z.array(z.object({ key: z.number(), capacity: z.number(), algorithm: z.string(), manifestRoot: z.string() })),
  })
  .meta({ id: 'RecoveryPoint' });

const begins = { method: 'POST', tag: 'migrations', access: 'operator', owned: 'migration', params: idParams, status: 202 } as const;

export const migrationRoutes = {
  'migrations.list': defineRoute({
    method: 'GET',
    path: '/migrations',
    tag: 'migrations',
    summary: 'The migrations that the caller owns or was given; for an administrator all.',
    access: 'viewer',
    query: z.strictObject({
      state: state.optional(),
      machineId: id.optional(),
      text: searchText.optional().meta({ description: "Part of the machine's name." }),
      only: z.enum(['running', 'failed', 'paused', 'behind']).optional().meta({
        description:
          'A run or a cutover of it goes on; its last run or its last work failed; its schedules do nothing; its newest recovery point is older than its schedules want it.',
      }),
      sort: migrationSort.default('created').meta({ description: 'By its creation, the oldest first, unless given.' }),
      ...paging,
      position,
    }),
    response: pageOf(migration).extend({ total: z.int().meta({ description: 'How many the filter lets through, on all pages.' }) }),
    status: 200,
  }),
  'migrations.create': defineRoute({
    method: 'POST',
    path: '/migrations',
    tag: 'migrations',
    summary: 'A standing order to replicate a machine to a target; the caller owns it. One for each machine and target.',
    access: 'operator',
    body: z.strictObject({ machineId: id, targetId: id, settings: settings.partial().default({}) }),
    response: migration,
    status: 201,
    creates: true,
    audit: 'migration.create',
  }),
  'migrations.get': defineRoute({
    method: 'GET',
    path: '/migrations/:id',
    tag: 'migrations',
    summary: 'One migration with its last run and cutover.',
    access: 'viewer',
    owned: 'migration',
    params: idParams,
    response: migration,
    status: 200,
  }),
  'migrations.update': defineRoute({
    method: 'PATCH',
    path: '/migrations/:id',
    tag: 'migrations',
    summary: 'Changes settings; the next run follows them.',
    access: 'operator',
    owned: 'migration',
    params: idParams,
    body: z.strictObject({ settings: settings.partial() }),
    response: migration,
    status: 200,
    audit: 'migration.update',
  }),
  'migrations.share': defineRoute({
    method: 'PUT',
    path: '/migrations/:id/users',
    tag: 'migrations',
    summary: 'Gives the migration to these users, and to no others but its owner.',
    access: 'operator',
    owned: 'migration',
    params: idParams,
    body: z.strictObject({ userIds: z.array(id).max(1000) }),
    response: z.object({ userIds: z.array(id) }),
    status: 200,
    audit: 'migration.share',
  }),
  'migrations.sync': defineRoute({
    ...begins,
    path: '/migrations/:id/sync',
    summary: 'Begins a run. It waits its turn while as many go on as are allowed, and while the scheduler is paused.',
    body: z
      .strictObject({
        kind: z.enum(['incremental', 'reconcile']).default('incremental').meta({ description: 'The first run is full in any case.' }),
      })
      .default({ kind: 'incremental' }),
    response: operation,
    creates: true,
    audit: 'migration.sync',
  }),
  'migrations.cutover': defineRoute({
    ...begins,
    path: '/migrations/:id/cutover',
    summary: 'Powers the source off, runs a last time and starts the machine at the target.',
    body: z
      .strictObject({
        preSync: z.boolean().optional().meta({ description: 'A run while the source still works, so that the final one is short.' }),
        shutdownDeadlineMs: z.int().min(1000).max(3_600_000).optional(),
        expectConsole: z
          .string()
          .min(1)
          .max(500)
          .optional()
          .meta({ description: 'The replica must boot isolated and show this text before it starts for good.' }),
        bootTimeoutMs: z.int().min(1000).max(3_600_000).optional(),
        accept: z.array(z.enum(checkIds)).max(checkIds.length).optional().meta({
          description: 'Checks of `migrations.check` that do not pass and that its person accepts; with another one it is refused.',
        }),
      })
      .default({}),
    response: operation,
    creates: true,
    audit: 'migration.cutover',
  }),
  'migrations.rollback': defineRoute({
    ...begins,
    path: '/migrations/:id/rollback',
    summary: 'Undoes a cutover: stops the machine at the target and powers the source on again.',
    response: operation,
    creates: true,
    audit: 'migration.rollback',
  }),
  'migrations.cancel': defineRoute({
    method: 'POST',
    path: '/migrations/:id/cancel',
    tag: 'migrations',
    summary: 'Cancels what the migration is busy with or waits for; operation.ended tells when it has cleaned up after itself.',
    access: 'operator',
    owned: 'migration',
    params: idParams,
    response: migration,
    status: 200,
    audit: 'migration.cancel',
  }),
  'migrations.runs': defineRoute({
    method: 'GET',
    path: '/migrations/:id/runs',
    tag: 'migrations',
    summary: 'Its runs, newest first.',
    access: 'viewer',
    owned: 'migration',
    params: idParams,
    query: z.strictObject(paging),
    response: pageOf(run),
    status: 200,
  }),
  'migrations.recoveryPoints': defineRoute({
    method: 'GET',
    path: '/migrations/:id/recovery-points',
    tag: 'migrations',
    summary: 'What the target holds, newest first.',
    access: 'viewer',
    owned: 'migration',
    params: idParams,
    response: z.object({ items: z.array(recoveryPoint) }),
    status: 200,
  }),
  'migrations.remove': defineRoute({
    method: 'DELETE',
    path: '/migrations/:id',
    tag: 'migrations',
    summary:
      'Ends the migration and forgets its runs and recovery points; refused while it is busy. A machine that was cut over goes on running at the target, and nothing here tells of it any more, unless `running=stop` stops it.',
    access: 'operator',
    owned: 'migration',
    params: idParams,
    query: z.strictObject({
      replicas: z.enum(['keep', 'remove']).meta({
        description:
          'What becomes of its replicas and recovery points at the target. They are not removed from under a machine that runs there.',
      }),
      running: z.enum(['leave', 'stop']).default('leave').meta({
        description:
          '`stop`: what runs of the machine at the target is stopped, and what it wrote there is lost; the source stays as it is. A rollback stops it as well, and powers the source on again.',
      }),
    }),
    response: nothing,
    status: 204,
    audit: 'migration.remove',
  }),
  'migrations.pause': defineRoute({
    method: 'POST',
    path: '/migrations/:id/pause',
    tag: 'migrations',
    summary: 'From now on its schedules do nothing; what goes on goes on.',
    access: 'operator',
    owned: 'migration',
    params: idParams,
    response: migration,
    status: 200,
    audit: 'migration.pause',
  }),
  'migrations.resume': defineRoute({
    method: 'POST',
    path: '/migrations/:id/resume',
    tag: 'migrations',
    summary: 'Its schedules count again.',
    access: 'operator',
    owned: 'migration',
    params: idParams,
    response: migration,
    status: 200,
    audit: 'migration.resume',
  }),
  'migrations.verify': defineRoute({
    ...begins,
    path: '/migrations/:id/verify',
    summary: 'Reads a recovery point at the target and compares every block with its manifest; recovery-point.verified tells the outcome.',
    body: z.strictObject({ recoveryPointId: id.optional().meta({ description: 'The newest unless given.' }) }).default({}),
    response: operation,
    creates: true,
    audit: 'migration.verify',
  }),
};
