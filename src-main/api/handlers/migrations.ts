import type { migrationRoutes } from '../../../src-preload/contract/routes/migrations.ts';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { Cutover, CutoverTimes } from '../../domain/cutover.ts';
import type { Job } from '../../domain/job.ts';
import type { Run } from '../../domain/run.ts';
import { jobsBehind } from '../../estimation/jobs-behind.ts';
import { type JobSortKey, sharedJobs } from '../../store/repositories/job-page.ts';
import { requireAccepted } from '../accepted-warnings.ts';
import { bandwidthOfAll } from '../bandwidth-of-all.ts';
import { pageOf, readCursor, refuseBoth } from '../cursor.ts';
import type { HandlerContext, HandlersOf } from '../handler.ts';
import { notFound, requireMigration } from '../ownership.ts';
import type { OperationRequest, Services } from '../services.ts';

export const migrationHandlers: HandlersOf<typeof migrationRoutes> = {
  'migrations.list': async ({ query }, { services, caller }) => {
    const { limit, cursor, position, sort, state, machineId, text, only } = query;
    refuseBoth(cursor, position);
    const after = readCursor(cursor, ['string', 'either', 'string']);
    if (after && after[0] !== sort) throw new OctopusError('argument.invalid', 'The cursor belongs to another sort.', { field: 'cursor' });
    const { store } = services;
    const wanted = {
      ...{ state, machineId, text, only: only === 'behind' ? undefined : only },
      ids: only === 'behind' ? await jobsBehind(store, services.now()) : undefined,
      visibleTo: caller.role === 'admin' ? undefined : caller.userId,
    };
    const found = await store.jobs.page({
      ...wanted,
      sort: sort.replace('-', '') as JobSortKey,
      descending: sort.startsWith('-'),
      limit: limit + 1,
      after: after && { key: after[1], id: after[2] },
      position,
    });
    const { items, next } = pageOf(found, limit, (last) => [sort, last.key, last.id]);
    return { items: await shapeAll(services, items), next, total: await store.jobs.count(wanted) };
  },
  'migrations.create': async ({ body }, { services, caller, signal, note }) => {
    const { machineId, targetId, settings } = body;
    if (!(await services.store.machines.find(machineId))) throw notFound('machine', machineId, 'machineId');
    if (!(await services.store.targets.find(targetId))) throw notFound('target', targetId, 'targetId');
    const job = await services.environments.addMigration({ machineId, targetId, ownerId: caller.userId, settings }, signal);
    note({ subjectKind: 'migration', subjectId: job.id });
    await services.publish({ type: 'migration.changed', data: { migrationId: job.id, change: 'created' } });
    return shape(services, job);
  },
  'migrations.get': async ({ params }, { services, caller }) => {
    const shaped = await shape(services, await requireMigration(services.store, caller, 'see', params.id));
    return { ...shaped, lastRun: shaped.lastRun && (await withPhases(services, shaped.lastRun)) };
  },
  'migrations.update': async ({ params, body }, { services, caller, note }) => {
    const job = await requireMigration(services.store, caller, 'act', params.id);
    const settings = { ...job.settings, ...given(body.settings) };
    note({ before: job.settings, after: settings });
    const stored = await services.store.jobs.put({ ...job, settings });
    if (settings.bandwidthLimit !== undefined) services.operations.limit(job.id, settings.bandwidthLimit);
    await services.publish({ type: 'migration.changed', data: { migrationId: job.id, change: 'updated' } });
    return shape(services, stored);
  },
  'migrations.share': async ({ params, body }, { services, note }) => {
    const { shares } = services.store;
    const before = await shares.of(sharedJobs, params.id);
    const userIds = [...new Set(body.userIds)].sort();
    // A user who does not exist is found before anything is changed.
    const known = new Set((await services.identity.listUsers()).map(({ id }) => id));
    const missing = userIds.find((id) => !known.has(id));
    if (missing !== undefined) throw notFound('user', missing, 'userIds');
    for (const userId of userIds) await shares.give(sharedJobs, params.id, userId);
    for (const userId of before) if (!userIds.includes(userId)) await shares.take(sharedJobs, params.id, userId);
    note({ before: { userIds: before }, after: { userIds } });
    await services.publish({ type: 'migration.changed', data: { migrationId: params.id, change: 'updated' } });
    return { userIds };
  },
  'migrations.remove': async ({ params, query }, { services, caller, signal, note }) => {
    const job = await requireMigration(services.store, caller, 'act', params.id);
    note({ before: { machineId: job.machineId, targetId: job.targetEnvironmentId }, after: { ...query } });
    await services.operations.remove(params.id, query, signal);
    if (job.state === 'cut-over' && query.running === 'leave') note({ message: 'The machine goes on running at the target.' });
    await services.publish({ type: 'migration.changed', data: { migrationId: params.id, change: 'removed' } });
  },
  'migrations.pause': ({ params }, context) => setPaused(context, params.id, true),
  'migrations.resume': ({ params }, context) => setPaused(context, params.id, false),
  'migrations.verify': ({ params, body }, context) => begin(context, params.id, { kind: 'verify', ...given(body) }),
  'migrations.sync': ({ params, body }, context) => begin(context, params.id, { kind: 'sync', run: body.kind }),
  'migrations.cutover': async ({ params, body: { accept = [], ...settings } }, context) => {
    const { services, caller, signal, note } = context;
    const job = await requireMigration(services.store, caller, 'act', params.id);
    // Asked again here: what the person saw may be old, and who uses the interface saw nothing.
    const taken = { accepted: accept, checksBoot: settings.expectConsole !== undefined };
    if (job.state !== 'cut-over') await requireAccepted(services.insight, job, taken, signal);
    const begun = await begin(context, params.id, { kind: 'cutover', settings: given(settings) });
    note({ after: { kind: 'cutover', settings: given(settings), accept, operationId: begun.operationId } });
    return begun;
  },
  'migrations.rollback': ({ params }, context) => begin(context, params.id, { kind: 'rollback' }),
  'migrations.cancel': async ({ params }, { services, caller, note }) => {
    const cancelled = await services.operations.cancel(params.id);
    note({ message: cancelled ? 'What it was busy with was cancelled.' : 'It was not busy.', after: undefined });
    return shape(services, await requireMigration(services.store, caller, 'act', params.id));
  },
  'migrations.runs': async ({ params, query }, { services }) => {
    const after = readCursor(query.cursor, ['string', 'string']);
    const place = after && { startedAt: after[0], id: after[1] };
    const found = await services.store.runs.pageOfJob(params.id, query.limit + 1, place);
    const { items, next } = pageOf(found, query.limit, (last) => [last.startedAt, last.id]);
    const cutovers = items.some(({ kind }) => kind === 'final') ? await services.store.cutovers.ofJob(params.id) : [];
    const outages = new Map(cutovers.map(({ finalRunId, times }) => [finalRunId, times && outageOf(times)]));
    const shaped = items.map((run) => ({ ...shapeRun(run), outage: outages.get(run.id) }));
    return { items: await Promise.all(shaped.map((run) => withPhases(services, run))), next };
  },
  'migrations.recoveryPoints': async ({ params }, { services }) => ({
    items: (await services.store.recoveryPoints.ofJob(params.id)).map(({ disks, committedAt, rereadAt, mismatch, ...point }) => ({
      ...point,
      verifiedAt: rereadAt ?? committedAt,
      verifiedBy: rereadAt === undefined ? 'run' : 'verify',
      outcome: mismatch === undefined ? 'match' : 'mismatch',
      mismatch,
      disks: disks.map(({ key, capacity, algorithm, manifestRoot }) => ({ key, capacity, algorithm, manifestRoot })),
    })),
  }),
};

async function begin({ services, caller, note }: HandlerContext, migrationId: string, request: OperationRequest) {
  const job = await requireMigration(services.store, caller, 'act', migrationId);
  // Said now and not by an event that comes after: the replicator would refuse it as well.
  if (request.kind === 'sync' && job.state === 'cut-over') {
    throw new OctopusError('job.state', 'The machine was cut over and runs at the target: roll that back before replicating it again.');
  }
  if (request.kind === 'rollback' && (await services.store.cutovers.ofJob(migrationId))[0]?.state !== 'done') {
    throw new OctopusError('job.state', 'The machine is not cut over, so there is nothing to roll back.');
  }
  if (request.kind === 'verify') {
    const points = await services.store.recoveryPoints.ofJob(migrationId);
    const { recoveryPointId } = request;
    if (recoveryPointId !== undefined && !points.some(({ id }) => id === recoveryPointId)) {
      throw notFound('recovery point', recoveryPointId, 'recoveryPointId');
    }
    if (points.length === 0) throw new OctopusError('job.state', 'The migration has no recovery point yet: replicate first.');
  }
  const { operationId } = await services.operations.begin(migrationId, request);
  note({ after: { ...request, operationId } });
  return { operationId, migrationId, kind: request.kind };
}

async function setPaused({ services, caller, note }: HandlerContext, migrationId: string, paused: boolean) {
  const job = await requireMigration(services.store, caller, 'act', migrationId);
  note({ before: { paused: job.paused === true }, after: { paused } });
  await services.store.jobs.setPaused(migrationId, paused);
  await services.publish({ type: 'migration.changed', data: { migrationId, change: 'updated' } });
  return shape(services, { ...job, paused });
}

async function shape(services: Services, job: Job) {
  const [shaped] = await shapeAll(services, [job]);
  return shaped as NonNullable<typeof shaped>;
}

/** Each kind of fact is asked for once, however many they are. */
async function shapeAll({ store, operations, settings }: Services, jobs: readonly Job[]) {
  const ids = jobs.map(({ id }) => id);
  const [outlooks, lastRuns, lastCutovers, newestPoints, failures, shares] = await Promise.all([
    store.jobs.outlookOf(ids),
    store.runs.lastOf(ids),
    store.cutovers.lastOf(ids),
    store.recoveryPoints.newestHeldOf(ids),
    store.tasks.lastFailures(ids),
    store.shares.ofAll(sharedJobs, ids),
  ]);
  const bandwidthLimitOfAll = bandwidthOfAll(settings);
  return Promise.all(
    jobs.map(async (job) => {
      const outlook = outlooks.get(job.id);
      const lastRun = lastRuns.get(job.id);
      const lastCutover = lastCutovers.get(job.id);
      const newest = newestPoints.get(job.id);
      const failure = failures.get(job.id);
      return {
        id: job.id,
        machineId: job.machineId,
        machineName: outlook?.machineName ?? '',
        sourceId: outlook?.sourceEnvironmentId ?? '',
        targetId: job.targetEnvironmentId,
        ownerId: job.ownerId,
        state: job.state,
        settings: { ...job.settings, bandwidthLimit: job.settings.bandwidthLimit ?? 0 },
        bandwidthLimitOfAll,
        paused: job.paused === true,
        working: await operations.working(job.id),
        waitsFor: outlook?.waitsFor,
        nextRun: outlook?.nextRun,
        lastRun: lastRun && shapeRun(lastRun),
        lastCutover: lastCutover && shapeCutover(lastCutover),
        lastFailure: failure && { code: failure.code, message: failure.message, at: failure.at },
        newestPoint: newest && {
          id: newest.id,
          takenAt: newest.takenAt,
          verifiedAt: newest.rereadAt ?? newest.committedAt,
          outcome: newest.mismatch === undefined ? ('match' as const) : ('mismatch' as const),
        },
        userIds: shares.get(job.id) ?? [],
        createdAt: job.createdAt,
      };
    }),
  );
}

async function withPhases<Shaped extends { id: string }>({ store }: Services, run: Shaped) {
  return { ...run, phases: await store.runs.phases(run.id) };
}

function shapeRun({ id, kind, state, phase, notes, counts, recoveryPointId, error, startedAt, endedAt }: Run) {
  return { id, kind, state, phase, notes, counts, recoveryPointId, error, startedAt, endedAt };
}

function shapeCutover({ id, state, phase, where, undone, settings, error, startedAt, endedAt, times = { phases: [] } }: Cutover) {
  const { preSync, expectConsole } = settings;
  const plain = { id, state, phase, where, undone, preSync, checksBoot: expectConsole !== undefined, error, startedAt, endedAt };
  return { ...plain, phases: times.phases, ...outageOf(times) };
}

const outageOf = ({ downAt, upAt, backAt }: CutoverTimes) => ({ downAt, upAt, backAt });

/** What was left out must not overwrite what is there. */
function given<Part extends object>(part: Part): { [Key in keyof Part]: Exclude<Part[Key], undefined> } {
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as never;
}
