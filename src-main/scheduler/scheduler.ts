import { isDeepStrictEqual } from 'node:util';
import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { Clock } from '../domain/clock.ts';
import { quietUntil } from '../domain/quiet-until.ts';
import type { Schedule } from '../domain/schedule.ts';
import type { Task, TaskKind } from '../domain/task.ts';
import type { Settlement, TaskFilter } from '../store/repositories/scheduled-tasks.ts';
import type { PausedBy } from '../store/repositories/schedules.ts';
import type { Store } from '../store/store.ts';
import { checkSchedule, type ScheduleRequest } from './check-schedule.ts';
import { newTask, planTask, type TaskRequest } from './plan.ts';
import { createRoom, defaultSchedulerLimits, type SchedulerLimits } from './room.ts';
import { isRetryable, LONGEST_WAIT, MOST_LOST_LEASES, retryWait } from './task-retry.ts';
import { nextAfter } from './timing.ts';
import { latestStartOf, machineOf, tooLate } from './too-late.ts';

/** Does the work. May be called again for the same task after a crash or failure; ends soon after its signal aborts. */
export type Executor = (task: Task, signal: AbortSignal) => Promise<void>;
/** Asked `checkLeadMs` before a cutover, and again right before it. The reason is a sentence for people. */
export type GoNoGo = (task: Task, signal: AbortSignal) => Promise<{ go: true } | { go: false; reason: string }>;

export type SchedulerEvent =
  | { type: 'task.added' | 'task.started' | 'task.done' | 'task.cancelled'; task: Task }
  | { type: 'task.released'; task: Task } // the scheduler was stopped; it waits for the next start
  | { type: 'task.lost'; task: Task } // another process has leased it since
  | { type: 'task.freed'; task: Task } // the lease of a process that crashed ended
  | { type: 'task.retry'; task: Task; error: OctopusError; dueAt: string }
  /** `refused`: it was not begun, because it was too late or a no-go. */
  | { type: 'task.failed'; task: Task; error: OctopusError; refused?: true }
  | { type: 'task.dead'; task: Task; error: OctopusError }
  | { type: 'clock.back'; milliseconds: number }
  | { type: 'scheduler.error'; error: OctopusError };

export interface SchedulerParts {
  store: Pick<Store, 'schedules' | 'tasks'>;
  clock: Clock;
  /** 0 <= n < 1: for jitter and the spread of retries. */
  random: () => number;
  newId: () => string;
  executors: Record<Exclude<TaskKind, 'cutover-check'>, Executor>;
  goNoGo: GoNoGo;
  /** Read anew at each look. */
  limits?: Partial<SchedulerLimits>;
  onEvent?: (event: SchedulerEvent) => void;
  /**
   * Ids of tasks that an earlier process was in the midst of: what they left must not stay as it is (a snapshot, a machine that is down), so that
   * they go on also while all is paused, in quiet windows, and after their latest start.
   */
  begun?: ReadonlySet<string>;
  /** Without a heartbeat for this long a task is free for others; a minute unless given. */
  leaseMs?: number;
  /** No other process works in the store: what an earlier one had leased is free at the first tick. */
  alone?: boolean;
  /** How long what ended is remembered; 30 days unless given. */
  keepMs?: number;
}

export interface Scheduler {
  /** Ticks by itself from now on. */
  start(): void;
  /** Starts nothing any more. `drain` lets what is going on end, otherwise it is aborted and waits for the next start. Settles when all has ended. */
  stop(options?: { drain?: boolean }): Promise<void>;
  /** Nothing new is started, also after a restart, until resume(). */
  pause(): Promise<void>;
  resume(): Promise<void>;
  isPaused(): Promise<boolean>;
  /** Undefined: it is not paused. */
  pausedBy(): Promise<PausedBy | undefined>;
  /** One round: heartbeats, ended leases, what is due by now. Starts tasks and does not wait for them. */
  tick(): Promise<{ started: number; nextAt: Date | undefined }>;
  /** Settles when nothing that this scheduler started is going on. */
  idle(): Promise<void>;
  enqueue(request: TaskRequest): Promise<Task>;
  /** A leased one is aborted and ends soon after. `not.found`; `job.state` where it has ended. */
  cancel(id: string): Promise<Task>;
  /** A failed or dead task waits again. */
  revive(id: string): Promise<Task>;
  list(filter?: TaskFilter): Promise<Task[]>;
  /** Adds the schedule, or replaces the one with its id. `argument.invalid` names the field. */
  putSchedule(request: ScheduleRequest): Promise<Schedule>;
  removeSchedule(id: string): Promise<void>;
  schedules(filter?: { jobId?: string }): Promise<Schedule[]>;
}

interface Running {
  task: Task;
  controller: AbortController;
  why: 'stop' | 'cancel' | 'lost' | undefined;
  refused?: true;
  ended: Promise<void>;
}

const DAY = 86_400_000;
const copies = ({ kind }: Task) => kind === 'run' || kind === 'cutover';
const isLate = (task: Task, now: Date) => now.toISOString() > (latestStartOf(task) ?? '~');

export function createScheduler(parts: SchedulerParts): Scheduler {
  const { store, clock, random, newId, executors, leaseMs = 60_000, keepMs = 30 * DAY, begun = new Set<string>() } = parts;
  const owner = newId();
  const running = new Map<string, Running>();
  let paused: boolean | undefined;
  let stopping = false;
  let lastTick: Date | undefined;
  let lastPrune = 0;
  let loop: Promise<void> | undefined;
  let poked = false;
  let sleeping: AbortController | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** A listener that throws must not stop the work. */
  function emit(event: SchedulerEvent): void {
    try {
      parts.onEvent?.(event);
    } catch {}
  }
  const later = (now: Date, milliseconds: number) => new Date(now.getTime() + milliseconds).toISOString();

  /** One at a time: a tick must not overwrite a schedule that is changed meanwhile. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  }

  /** A foreign key that does not hold is the caller's mistake. */
  async function existing<Result>(work: Promise<Result>): Promise<Result> {
    return work.catch((cause: { code?: unknown }) => {
      if (cause.code !== 'SQLITE_CONSTRAINT_FOREIGNKEY') throw cause;
      throw new OctopusError('not.found', 'There is no such job or source.', { cause });
    });
  }

  function poke(): void {
    poked = true;
    sleeping?.abort();
  }

  function end(entry: Running, why: Running['why'], message: string): void {
    entry.why ??= why;
    entry.controller.abort(new OctopusError(why === 'stop' ? 'server.stopping' : 'operation.cancelled', message));
  }

  /** At the first tick, and when the clock went back: nothing may be kept waiting by a time that is far off now. */
  async function settleClock(now: Date): Promise<void> {
    await store.tasks.clampTimes(now.toISOString(), later(now, leaseMs), later(now, LONGEST_WAIT));
    for (const schedule of await store.schedules.list()) {
      if (!schedule.enabled || schedule.nextAt === undefined || schedule.timing.type === 'once') continue;
      const next = nextAfter(schedule.timing, schedule.createdAt, now);
      if (next !== undefined && next < schedule.nextAt) await store.schedules.setNext(schedule.id, next);
    }
  }

  async function heartbeat(now: Date): Promise<void> {
    const held = new Map((await store.tasks.renew([...running.keys()], owner, later(now, leaseMs))).map((lease) => [lease.id, lease]));
    for (const entry of running.values()) {
      const lease = held.get(entry.task.id);
      if (lease?.token !== entry.task.token) end(entry, 'lost', 'The lease was lost.');
      else if (lease.cancelRequested) end(entry, 'cancel', 'The task was cancelled.');
    }
  }

  async function freeLeases(now: Date, allButMine: boolean): Promise<void> {
    for (const task of await store.tasks.expired(now.toISOString(), allButMine ? owner : undefined)) {
      const at = now.toISOString();
      const error = new OctopusError('internal.unexpected', `The process ended ${task.attempts} times while it worked on this task.`);
      const dead = task.attempts >= MOST_LOST_LEASES;
      const settlement: Settlement = task.cancelRequested
        ? { state: 'cancelled', now: at }
        : dead
          ? { state: 'dead', now: at, error: { code: error.code, message: error.message } }
          : { state: 'waiting', now: at, dueAt: at };
      if (!(await store.tasks.settle(task.id, task.token, settlement))) continue;
      if (task.cancelRequested) emit({ type: 'task.cancelled', task });
      else if (dead) emit({ type: 'task.dead', task, error });
      else emit({ type: 'task.freed', task });
    }
  }

  async function withKeys(tasks: Task[]): Promise<void> {
    const copying = tasks.filter((task) => task.jobId !== undefined && (copies(task) || task.kind === 'verify'));
    if (copying.length === 0) return;
    const keys = await store.tasks.keysOfJobs(copying.map((task) => task.jobId!));
    for (const task of copying) {
      const all = keys.get(task.jobId!) ?? [];
      task.keys = copies(task) ? all : all.filter((key) => key.startsWith('target:') || key.startsWith('machine:'));
    }
  }

  async function plan(now: Date): Promise<void> {
    const due = await store.schedules.due(now.toISOString());
    if (due.length === 0) return;
    const planned = due.map((schedule) => planTask(schedule, now, newId(), random));
    await withKeys(planned.map(({ task }) => task));
    for (const task of await store.tasks.plan(planned)) emit({ type: 'task.added', task });
  }

  /** Ends the cutovers whose latest start has passed, and not only once there is room: a person waits. Answers when the next one is too late. */
  async function refuseLate(now: Date): Promise<string | undefined> {
    const at = now.toISOString();
    const waiting = (await store.tasks.list({ state: 'waiting', kind: 'cutover', limit: -1 })).filter(
      // What was begun before is dealt with when it is started.
      (task) => latestStartOf(task) !== undefined && task.startedAt === undefined && !begun.has(task.id),
    );
    const late = waiting.filter((task) => isLate(task, now));
    const leased = late.length === 0 ? [] : await store.tasks.list({ state: 'leased', limit: -1 });
    for (const task of late) {
      const machine = machineOf(task);
      const holder = machine === undefined ? undefined : leased.find((other) => machineOf(other) === machine);
      const error = tooLate(task, holder);
      const stored = { code: error.code, message: error.message };
      const ended = await store.tasks.refuse(task.id, at, stored, holder?.id);
      if (ended) emit({ type: 'task.failed', task: ended, error, refused: true });
    }
    const next = waiting
      .filter((task) => !late.includes(task))
      .map((task) => latestStartOf(task)!)
      .sort()[0];
    return next === undefined ? undefined : later(new Date(next), 1);
  }

  async function claim(now: Date): Promise<Task[]> {
    return store.tasks.claim({ now: now.toISOString(), owner, until: later(now, leaseMs) }, (leased) => {
      const room = createRoom({ ...defaultSchedulerLimits, ...parts.limits }, leased);
      return (task, windows) => {
        if (room.full()) return 'stop';
        if (begun.has(task.id)) return room.enter(task) ? 'take' : 'skip';
        if (paused) return 'skip';
        const quiet = windows.length === 0 ? undefined : quietUntil(windows, now);
        if (quiet !== undefined) return { deferTo: quiet.toISOString() };
        return room.enter(task) ? 'take' : 'skip';
      };
    });
  }

  async function refusalOf(task: Task, signal: AbortSignal): Promise<OctopusError | undefined> {
    if (begun.has(task.id)) return undefined;
    if (isLate(task, clock.now())) return tooLate(task);
    if (task.kind !== 'cutover' && task.kind !== 'cutover-check') return undefined;
    const verdict = await parts.goNoGo(task, signal);
    return verdict.go ? undefined : new OctopusError('job.state', `The cutover is a no-go: ${verdict.reason}`);
  }

  async function execute(entry: Running): Promise<void> {
    const { task } = entry;
    const { signal } = entry.controller;
    const refusal = await refusalOf(task, signal);
    if (refusal) {
      entry.refused = true;
      throw refusal;
    }
    signal.throwIfAborted();
    if (task.kind !== 'cutover-check') await executors[task.kind](task, signal);
  }

  function begin(task: Task): void {
    const controller = new AbortController();
    const entry: Running = { task, controller, why: undefined, ended: Promise.resolve() };
    running.set(task.id, entry);
    emit({ type: 'task.started', task });
    entry.ended = execute(entry)
      .then(
        () => finish(entry, undefined),
        (error: unknown) => finish(entry, toOctopusError(error)),
      )
      // The lease ends by itself, and the task is started again.
      .catch((error: unknown) => emit({ type: 'scheduler.error', error: toOctopusError(error) }))
      .finally(() => {
        running.delete(task.id);
        poke();
      });
  }

  async function finish(entry: Running, error: OctopusError | undefined): Promise<void> {
    const { task } = entry;
    const now = clock.now();
    const at = now.toISOString();
    const settle = async (settlement: Omit<Settlement, 'now'>, event: SchedulerEvent) => {
      const kept = await store.tasks.settle(task.id, task.token, { ...settlement, now: at });
      emit(kept ? event : { type: 'task.lost', task });
      return kept;
    };
    if (error === undefined) {
      if ((await settle({ state: 'done' }, { type: 'task.done', task })) && task.kind === 'cutover') await endSchedules(task.jobId!);
      return;
    }
    if (entry.why === 'stop') {
      await settle({ state: 'waiting', dueAt: at, refund: true }, { type: 'task.released', task });
      return;
    }
    const stored = { code: error.code, message: error.message };
    if (entry.why === 'cancel' || error.code === 'operation.cancelled') {
      await settle({ state: 'cancelled', error: stored }, { type: 'task.cancelled', task });
      return;
    }
    if (!isRetryable(error)) {
      await settle({ state: 'failed', error: stored }, { type: 'task.failed', task, error, ...(entry.refused ? { refused: true } : {}) });
      return;
    }
    const wait = retryWait(error, task.attempts, random);
    if (wait === undefined) await settle({ state: 'dead', error: stored }, { type: 'task.dead', task, error });
    else {
      const dueAt = later(now, wait);
      await settle({ state: 'waiting', dueAt, error: stored }, { type: 'task.retry', task, error, dueAt });
    }
  }

  /** A machine that was cut over is not replicated any more. */
  const endSchedules = (jobId: string) =>
    inTurn(async () => {
      for (const schedule of await store.schedules.list({ jobId })) {
        if (!schedule.enabled || (schedule.kind !== 'run' && schedule.kind !== 'cutover')) continue;
        await store.schedules.put({ ...schedule, enabled: false, endedByCutover: true });
      }
    });

  async function round(): Promise<{ started: number; nextAt: Date | undefined }> {
    const now = clock.now();
    paused ??= await store.schedules.paused();
    if (lastTick === undefined) {
      await settleClock(now);
      if (parts.alone) await freeLeases(now, true);
    } else if (now < lastTick) {
      emit({ type: 'clock.back', milliseconds: lastTick.getTime() - now.getTime() });
      await settleClock(now);
    }
    lastTick = now;
    await heartbeat(now);
    await freeLeases(now, false);
    await plan(now);
    const nextLate = await refuseLate(now);
    const claimed = stopping || (paused && begun.size === 0) ? [] : await claim(now);
    claimed.forEach(begin);
    if (Math.abs(now.getTime() - lastPrune) > DAY) {
      await store.tasks.prune(later(now, -keepMs));
      lastPrune = now.getTime();
    }
    const next = [await store.schedules.nextAt(), await store.tasks.nextDue(now.toISOString()), nextLate]
      .filter((time) => time !== undefined)
      .sort()[0];
    return { started: claimed.length, nextAt: next === undefined ? undefined : new Date(next) };
  }

  const tick = () => inTurn(round);

  async function work(): Promise<void> {
    while (!(stopping && running.size === 0)) {
      // Often enough for heartbeats, and to notice that the clock was set.
      let wait = Math.min(leaseMs / 3, 20_000);
      poked = false;
      try {
        const { nextAt } = await tick();
        if (nextAt) wait = Math.max(1, Math.min(wait, nextAt.getTime() - clock.now().getTime()));
      } catch (error) {
        emit({ type: 'scheduler.error', error: toOctopusError(error) });
      }
      if (poked || (stopping && running.size === 0)) continue;
      sleeping = new AbortController();
      await clock.sleep(wait, sleeping.signal).catch(() => {});
      sleeping = undefined;
    }
  }

  async function idle(): Promise<void> {
    while (running.size > 0) await Promise.all([...running.values()].map((entry) => entry.ended));
  }

  async function setPaused(value: boolean): Promise<void> {
    await store.schedules.setPaused(value);
    paused = value;
    poke();
  }

  return {
    tick,
    idle,
    start() {
      stopping = false;
      loop ??= work().finally(() => {
        loop = undefined;
      });
    },
    async stop({ drain = false } = {}) {
      stopping = true;
      // A tick that is going on may just be starting some.
      await inTurn(async () => {});
      if (!drain) for (const entry of running.values()) end(entry, 'stop', 'The scheduler was stopped.');
      poke();
      // While it drains, the loop goes on for the heartbeats.
      await (loop ?? idle());
      await idle();
    },
    pause: () => setPaused(true),
    resume: () => setPaused(false),
    isPaused: () => store.schedules.paused(),
    pausedBy: () => store.schedules.pausedBy(),
    async enqueue(request) {
      const task = newTask(request, { id: newId(), now: clock.now(), jobId: request.jobId, sourceId: request.sourceId });
      if ((copies(task) || task.kind === 'verify') && task.jobId === undefined) {
        throw new OctopusError('argument.invalid', `A ${task.kind} names its job.`, { field: 'jobId' });
      }
      await withKeys([task]);
      await existing(store.tasks.add([task]));
      emit({ type: 'task.added', task });
      poke();
      return task;
    },
    async cancel(id) {
      const task = await store.tasks.requestCancel(id, clock.now().toISOString());
      if (task === undefined) {
        const ended = await store.tasks.find(id);
        if (!ended) throw new OctopusError('not.found', `There is no task ${id}.`);
        throw new OctopusError('job.state', `The task has ended already: ${ended.state}.`);
      }
      if (task.state === 'cancelled') emit({ type: 'task.cancelled', task });
      const entry = running.get(id);
      if (entry) end(entry, 'cancel', 'The task was cancelled.');
      return task;
    },
    async revive(id) {
      const task = await store.tasks.revive(id, clock.now().toISOString());
      if (!task) throw new OctopusError('not.found', `There is no failed or dead task ${id}.`);
      poke();
      return task;
    },
    list: (filter) => store.tasks.list(filter),
    putSchedule: (request) =>
      inTurn(async () => {
        const now = clock.now();
        const id = request.id ?? newId();
        const known = await store.schedules.find(id);
        const same = known !== undefined && isDeepStrictEqual(known.timing, request.timing);
        // One that is over can still be renamed or switched off.
        checkSchedule(request, same ? new Date(0) : now);
        const createdAt = known?.createdAt ?? now.toISOString();
        // A planned time that has come but was not acted on yet stays.
        const nextAt = same && known.enabled ? known.nextAt : nextAfter(request.timing, createdAt, now);
        const schedule = await existing(store.schedules.put({ ...request, id, createdAt, nextAt }));
        poke();
        return schedule;
      }),
    removeSchedule: (id) =>
      inTurn(async () => {
        if (!(await store.schedules.remove(id, clock.now().toISOString())))
          throw new OctopusError('not.found', `There is no schedule ${id}.`);
      }),
    schedules: (filter) => store.schedules.list(filter),
  };
}
