import type { WritableChangeFeed } from './change-feed.ts';
import { LabFault } from './lab-fault.ts';
import type { FaultAction, FaultPlan, LabClock, LabTask, Ref } from './types.ts';

export interface TaskWork {
  name: string;
  descriptionId: string;
  entity: Ref;
  entityName: string;
  /** Default: the runner's duration. */
  ms?: number;
  /** What the task does, at its end. `injected` is the fault that the plan asks of it, other than `taskFault`. */
  run(injected: FaultAction | undefined): Ref | undefined;
  /** After the end, whatever it was; before anybody hears of it. */
  ended?(): void;
}

export interface TaskRunner {
  readonly tasks: Map<Ref, LabTask>;
  /** Number of the last task. */
  number: number;
  start(work: TaskWork): LabTask;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Ended tasks that are kept, as vCenter keeps recent ones. */
const kept = 1000;

export function createTaskRunner(clock: LabClock, taskMs: number, faults: FaultPlan, changes: WritableChangeFeed): TaskRunner {
  const tasks = new Map<Ref, LabTask>();

  function start(work: TaskWork): LabTask {
    let settle!: { resolve: (result: Ref | undefined) => void; reject: (fault: LabFault) => void };
    const done = new Promise<Ref | undefined>((resolve, reject) => {
      settle = { resolve, reject };
    });
    done.catch(() => {}); // whoever polls need not listen
    const task: Mutable<LabTask> = {
      ref: `task-${++runner.number}`,
      name: work.name,
      descriptionId: work.descriptionId,
      entity: work.entity,
      entityName: work.entityName,
      state: 'running',
      progress: 0,
      result: undefined,
      error: undefined,
      queueTime: clock.now(),
      startTime: clock.now(),
      completeTime: undefined,
      done,
    };
    tasks.set(task.ref, task);
    changes.emit('enter', 'Task', task.ref);
    const injected = faults.decide(`task:${work.name}`);
    const finish = () => {
      let result: Ref | undefined;
      let error: LabFault | undefined;
      try {
        if (injected?.kind === 'taskFault') throw new LabFault(injected.fault, `The operation failed: ${injected.fault}.`);
        result = work.run(injected);
      } catch (fault) {
        error = fault instanceof LabFault ? fault : new LabFault('SystemError', String(fault));
      }
      work.ended?.();
      task.completeTime = clock.now();
      task.progress = 100;
      task.result = result;
      task.error = error;
      task.state = error === undefined ? 'success' : 'error';
      forgetOld();
      changes.emit('modify', 'Task', task.ref, ['info', 'info.state', 'info.progress']);
      if (error === undefined) settle.resolve(result);
      else settle.reject(error);
    };
    const ms = work.ms ?? taskMs;
    if (ms === 0) {
      finish();
      return task;
    }
    clock.after(ms / 2, () => {
      task.progress = 50;
      changes.emit('modify', 'Task', task.ref, ['info', 'info.progress']);
      clock.after(ms - ms / 2, finish);
    });
    return task;
  }

  function forgetOld(): void {
    if (tasks.size <= 2 * kept) return;
    let excess = tasks.size - kept;
    for (const [ref, task] of tasks) {
      if (excess === 0) break;
      if (task.state !== 'success' && task.state !== 'error') continue;
      tasks.delete(ref);
      excess--;
    }
  }

  const runner: TaskRunner = { tasks, number: 0, start };
  return runner;
}
