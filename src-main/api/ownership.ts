import type { RouteDefinition } from '../../src-preload/contract/route.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { Job } from '../domain/job.ts';
import type { Caller } from '../domain/user.ts';
import { canSee, requireOwned } from '../identity/ownership.ts';
import { sharedJobs } from '../store/repositories/migration-jobs.ts';
import type { Services } from './services.ts';

export type OwnedKind = NonNullable<RouteDefinition['owned']>;
type Access = 'see' | 'act';
type OwningStore = Pick<Services['store'], 'jobs' | 'shares' | 'schedules' | 'tasks'>;

/** The migration, if the caller may see it or act on it; a foreign one answers like a missing one. */
export async function requireMigration(store: OwningStore, caller: Caller, wanted: Access, id: string): Promise<Job> {
  const job = await store.jobs.find(id);
  requireOwned(caller, wanted, 'migration', id, job && (await owned(store, job)));
  return job as Job;
}

/** Schedules and tasks belong to whom their migration belongs; those without one are the administrators'. */
export async function requireKind(store: OwningStore, caller: Caller, wanted: Access, kind: OwnedKind, id: string): Promise<void> {
  if (kind === 'migration') {
    await requireMigration(store, caller, wanted, id);
    return;
  }
  const found = await (kind === 'schedule' ? store.schedules.find(id) : store.tasks.find(id));
  const job = found?.jobId === undefined ? undefined : await store.jobs.find(found.jobId);
  requireOwned(caller, wanted, kind, id, found && (job ? await owned(store, job) : nobodys));
}

/** Ids of the migrations that the caller may see; undefined is all. */
export async function visibleMigrations(store: OwningStore, caller: Caller): Promise<Set<string> | undefined> {
  if (caller.role === 'admin') return undefined;
  // Without a limit: SQLite takes -1 for that.
  return new Set((await store.jobs.page({ visibleTo: caller.userId, limit: -1 })).map(({ id }) => id));
}

const nobodys = { ownerId: undefined, sharedWith: [] };

async function owned(store: OwningStore, job: Job) {
  return { ownerId: job.ownerId, sharedWith: await store.shares.of(sharedJobs, job.id) };
}

/** Whether an event may be told to the caller: one about a migration reaches those who may see it, the rest everybody who is signed in. */
export function createEventAccess(store: OwningStore): (caller: Caller, event: { type: string; data: unknown }) => Promise<boolean> {
  return async (caller, { type, data }) => {
    if (caller.role === 'admin') return true;
    // Settings and users are the administrators'.
    if (type.startsWith('settings.') || type.startsWith('user.')) return false;
    // Nobody can be asked any more whose it was; an opaque id tells nothing.
    if (type === 'migration.changed' && (data as { change?: unknown }).change === 'removed') return true;
    const { migrationId } = (data ?? {}) as { migrationId?: unknown };
    if (migrationId === undefined) return !type.startsWith('task.');
    const job = await store.jobs.find(String(migrationId));
    return job !== undefined && canSee(caller, await owned(store, job));
  };
}

export function notFound(what: string, id: string, field?: string): OctopusError {
  return new OctopusError('not.found', `There is no ${what} ${id}.`, field === undefined ? {} : { field });
}
