import type { EventType } from '../../src-preload/contract/events.ts';
import type { RouteId } from '../../src-preload/contract/routes.ts';
import type { StoredEvent } from './stored-event.ts';

/** Which answers an event or an action makes old: a route, or all of an area as `migrations.*`. */
export type Pattern = `${string}.${string}`;

const work: readonly Pattern[] = ['migrations.*', 'overview.*', 'tasks.*', 'scheduler.get'];
const machines: readonly Pattern[] = ['vms.*'];
/** When each runs next, and whose work it waits for. */
const outlooks: readonly Pattern[] = ['migrations.list', 'migrations.get'];
const none: readonly Pattern[] = [];

/** A type that is not here does not compile. What comes many times a second is for the live store alone. */
const byEvent: Record<EventType, readonly Pattern[]> = {
  'run.started': work,
  'run.phase': ['migrations.list', 'migrations.get', 'migrations.runs', 'overview.*'],
  'run.disk': none,
  'run.progress': none,
  'run.retry': none,
  'run.note': ['migrations.get', 'migrations.runs'],
  'run.ended': [...work, ...machines, 'activity.list'],
  'cutover.phase': ['migrations.list', 'migrations.get'],
  'cutover.ended': [...work, 'targets.machines', ...machines, 'activity.list'],
  'migration.changed': [...work, 'targets.machines', ...machines, 'schedules.*', 'activity.list'],
  'operation.started': work,
  'operation.ended': [...work, ...machines, 'activity.list'],
  'verify.progress': none,
  'recovery-point.verified': ['migrations.*', 'overview.*', 'activity.list'],
  'source.changed': ['sources.*', 'vms.*', 'lab.*', 'overview.*', 'activity.list'],
  'target.changed': ['targets.*', 'overview.*', 'activity.list'],
  'task.changed': [...outlooks, 'tasks.*', 'schedules.*', 'scheduler.get', 'overview.*'],
  'user.changed': ['users.*', 'activity.list'],
  'settings.changed': ['settings.*', 'directory.*', ...outlooks, 'estimates.get', 'activity.list'],
};

/** A new type that the core tells of, and this client does not know, makes everything old. */
export function madeOldBy(event: Pick<StoredEvent, 'type'>): readonly Pattern[] {
  return byEvent[event.type as EventType] ?? ['*.*'];
}

/** What an action of ours changes, known without waiting for its events. */
export function madeOldByAction(id: RouteId): readonly Pattern[] {
  const area = id.slice(0, id.indexOf('.'));
  if (area === 'auth') return none;
  const also: Partial<Record<string, readonly Pattern[]>> = {
    migrations: [...work, ...machines, 'schedules.*'],
    sources: [...machines, 'lab.*', 'overview.*'],
    lab: ['sources.*', ...machines, 'overview.*'],
    targets: ['overview.*'],
    schedules: [...outlooks, 'tasks.*', 'overview.*'],
    tasks: ['migrations.*', 'scheduler.get', 'overview.*'],
    scheduler: ['tasks.*'],
    settings: ['directory.*', ...outlooks, 'estimates.get'],
    directory: ['settings.*'],
  };
  return [`${area}.*`, ...(also[area] ?? none), 'activity.list'];
}

export function matches(id: string, patterns: Iterable<Pattern>): boolean {
  const all: Pattern = `${id.slice(0, id.indexOf('.'))}.*`;
  for (const pattern of patterns) if (pattern === '*.*' || pattern === id || pattern === all) return true;
  return false;
}

/**
 * Gathers what is old and tells of it at most every `milliseconds`: a busy minute must not ask for the same list a hundred times. Events of
 * one migration leave the details of the others alone.
 */
export function createInvalidator(invalidate: (isOld: (id: string, input: unknown) => boolean) => void, milliseconds = 300) {
  /** By pattern: of which migrations; undefined is all. */
  let old = new Map<Pattern, Set<string> | undefined>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function flush(): void {
    timer = undefined;
    const now = old;
    old = new Map();
    invalidate((id, input) => {
      for (const [pattern, only] of now) {
        if (!matches(id, [pattern])) continue;
        const of = migrationOf(id, input);
        if (only === undefined || of === undefined || only.has(of)) return true;
      }
      return false;
    });
  }

  function add(patterns: readonly Pattern[], migrationId?: string): void {
    for (const pattern of patterns) {
      const before = old.get(pattern);
      if (old.has(pattern) && before === undefined) continue;
      old.set(pattern, migrationId === undefined ? undefined : new Set([...(before ?? []), migrationId]));
    }
    if (old.size > 0) timer ??= setTimeout(flush, milliseconds);
  }

  return {
    event(event: StoredEvent): void {
      const { migrationId } = event.data;
      add(madeOldBy(event), typeof migrationId === 'string' ? migrationId : undefined);
    },
    action: (id: RouteId) => add(madeOldByAction(id)),
    all: () => add(['*.*']),
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

function migrationOf(id: string, input: unknown): string | undefined {
  if (!id.startsWith('migrations.')) return undefined;
  const { params } = (input ?? {}) as { params?: { id?: string } };
  return params?.id;
}
