import fc from 'fast-check';
import type { FaultRule } from '../../../lab/vcenter/world/types.ts';

/** One write of a guest. Where it does not fit it is cut. */
export interface GuestWrite {
  /** Modulo the machine's number of disks. */
  disk: number;
  /** 0 to 1000: thousandths of the disk. */
  at: number;
  /** Bytes. */
  length: number;
  /** `same` writes what is there: reported as changed although it is not. */
  content: 'random' | 'zero' | 'same';
  seed: number;
}

/** What happens to the machine; one that is impossible at its moment does not happen. */
export type WorldEvent =
  | { what: 'write'; writes: GuestWrite[] }
  | { what: 'power-loss' | 'power-off' | 'power-on' | 'reset' | 'suspend' }
  | { what: 'tracking-off' | 'tracking-toggled' }
  | { what: 'resize'; disk: number /** Sectors more. */; sectors: number }
  | { what: 'recreate'; disk: number; size: number; fill: number | undefined }
  | { what: 'foreign-added' /** Another Octopus made it. */; octopus: boolean }
  | { what: 'foreign-removed' | 'foreign-reverted'; index: number }
  /** Someone tidies up: the snapshot of an interrupted run. */
  | { what: 'own-removed' }
  | { what: 'session-lost' };

/** How a run is interrupted: by its user, or by the end of its process. Counts begin at 0. */
export type Interruption =
  | { how: 'cancel' /** Calls that the vCenter has seen. */; call: number }
  | { how: 'kill-at-step' /** Crashpoints that were passed. */; step: number }
  | { how: 'kill-at-block' /** Events of workers. */; event: number };

export interface RunStep {
  what: 'run';
  kind: 'incremental' | 'reconcile' | 'final';
  interruption: Interruption | undefined;
  /** While the run is under way, before the call of this number is answered. */
  meanwhile: { call: number; event: WorldEvent }[];
  /** After a kill, before the next process starts. */
  dead: WorldEvent[];
  /** The process that recovers is killed as well. */
  killedAgain: Interruption | undefined;
}

export type Step = RunStep | WorldEvent;

export interface Schedule {
  machine: {
    disks: { size: number; fill: number | undefined }[];
    /** One more disk, which no snapshot holds. */
    independentDisk: boolean;
    changeTracking: boolean;
    hardwareVersion: 6 | 19;
    quiesceFails: boolean;
  };
  lab: {
    seed: number;
    pageSize: number;
    pageWindow: number | undefined;
    taskMs: number;
    consolidationMs: number;
    consolidation: 'background' | 'task';
    snapshotDuringConsolidation: 'corrupts' | 'refused';
    foreignChangeId: 'silent' | 'fault';
    hardPowerOffResetsTracking: boolean;
  };
  faults: FaultRule[];
  settings: { verify: 'written' | 'all'; quiesce: boolean; keep: number };
  tuning: { taskBytes: number; checkpointBytes: number };
  steps: Step[];
}

const MiB = 2 ** 20;
const seed = fc.integer({ min: 1, max: 2 ** 30 });
/** Whole MiB, odd numbers of sectors around them, and tiny ones. Big disks are rare: what they could show, small ones show sooner. */
const size = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 3 }).map((n) => n * MiB) },
  { weight: 8, arbitrary: fc.integer({ min: 2048 + 1, max: 4 * 2048 }).map((n) => n * 512) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 2048 }).map((n) => n * 512) },
  { weight: 1, arbitrary: fc.integer({ min: 4 * 2048, max: 12 * 2048 }).map((n) => n * 512) },
);
const write: fc.Arbitrary<GuestWrite> = fc.record({
  disk: fc.nat(2),
  at: fc.nat(1000),
  length: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 9000 }) },
    { weight: 2, arbitrary: fc.integer({ min: 9000, max: MiB }) },
    { weight: 1, arbitrary: fc.integer({ min: MiB, max: 3 * MiB }) },
  ),
  content: fc.oneof(
    { weight: 4, arbitrary: fc.constant('random' as const) },
    { weight: 2, arbitrary: fc.constant('zero' as const) },
    { weight: 1, arbitrary: fc.constant('same' as const) },
  ),
  seed,
});
const writes = fc.record({ what: fc.constant('write' as const), writes: fc.array(write, { minLength: 1, maxLength: 6 }) });
const event: fc.Arbitrary<WorldEvent> = fc.oneof(
  { weight: 12, arbitrary: writes },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constantFrom('power-loss' as const, 'power-off' as const, 'reset' as const, 'suspend' as const) }),
  },
  { weight: 3, arbitrary: fc.constant({ what: 'power-on' as const }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constantFrom('tracking-off' as const, 'tracking-toggled' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('resize' as const), disk: fc.nat(2), sectors: fc.integer({ min: 1, max: 4096 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('recreate' as const), disk: fc.nat(2), size, fill: fc.option(seed, { nil: undefined }) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('foreign-added' as const), octopus: fc.nat(5).map((n) => n === 0) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('foreign-removed' as const), index: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('foreign-reverted' as const), index: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.constant({ what: 'own-removed' as const }) },
  { weight: 1, arbitrary: fc.constant({ what: 'session-lost' as const }) },
);
const kill: fc.Arbitrary<Interruption> = fc.oneof(
  fc.record({ how: fc.constant('kill-at-step' as const), step: fc.nat(24) }),
  fc.record({ how: fc.constant('kill-at-block' as const), event: fc.nat(8) }),
);
const interruption: fc.Arbitrary<Interruption> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ how: fc.constant('cancel' as const), call: fc.nat(60) }) },
  { weight: 3, arbitrary: kill },
);
const run: fc.Arbitrary<RunStep> = fc.record({
  what: fc.constant('run' as const),
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant('incremental' as const) },
    { weight: 1, arbitrary: fc.constant('reconcile' as const) },
    { weight: 1, arbitrary: fc.constant('final' as const) },
  ),
  interruption: fc.option(interruption, { nil: undefined, freq: 2 }),
  meanwhile: fc.array(fc.record({ call: fc.nat(60), event: fc.oneof({ weight: 8, arbitrary: writes }, { weight: 2, arbitrary: event }) }), {
    maxLength: 4,
  }),
  dead: fc.array(event, { maxLength: 2 }),
  killedAgain: fc.option(kill, { nil: undefined, freq: 4 }),
});
const plain = (kind: RunStep['kind']): RunStep => ({
  what: 'run',
  kind,
  interruption: undefined,
  meanwhile: [],
  dead: [],
  killedAgain: undefined,
});

const probability = fc.integer({ min: 5, max: 60 }).map((n) => n / 1000);
const latency = fc.record({ kind: fc.constant('latency' as const), ms: fc.integer({ min: 1, max: 30 }) });
const reset = fc.record({ kind: fc.constant('reset' as const), when: fc.constantFrom('before' as const, 'during' as const) });
const often = (operation: string, action: fc.Arbitrary<FaultRule['action']>): fc.Arbitrary<FaultRule> =>
  fc.record({ operation: fc.constant(operation), action, probability, times: fc.integer({ min: 1, max: 4 }) });
const sometimes = (operation: string, action: fc.Arbitrary<FaultRule['action']>): fc.Arbitrary<FaultRule> =>
  fc.record({ operation: fc.constant(operation), action, nth: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 2 }) });
const fault: fc.Arbitrary<FaultRule> = fc.oneof(
  often('soap:*', latency),
  often('soap:*', reset),
  often('soap:*', fc.constant({ kind: 'sessionLoss' })),
  often('soap:RetrievePropertiesEx', fc.constant({ kind: 'status', status: 503 })),
  sometimes('soap:QueryChangedDiskAreas', reset),
  sometimes('soap:CreateSnapshot_Task', reset),
  sometimes('soap:RemoveSnapshot_Task', reset),
  often('folder:GET', latency),
  often('folder:GET', reset),
  often('folder:GET', fc.record({ kind: fc.constant('status' as const), status: fc.integer({ min: 500, max: 504 }) })),
  often(
    'folder:GET',
    fc.record({ kind: fc.constant('shortRead' as const), fraction: fc.integer({ min: 0, max: 99 }).map((n) => n / 100) }),
  ),
  often('folder:GET', fc.constant({ kind: 'sessionLoss' })),
  sometimes('task:CreateSnapshot_Task', fc.record({ kind: fc.constant('landsLater' as const), ms: fc.integer({ min: 0, max: 300 }) })),
  sometimes('task:RemoveSnapshot_Task', fc.constant({ kind: 'consolidationFails' })),
  sometimes('task:*', fc.record({ kind: fc.constant('taskFault' as const), fault: fc.constantFrom('HostCommunication', 'SystemError') })),
);

/** A machine, its vCenter, and what happens to both. */
export const schedules: fc.Arbitrary<Schedule> = fc.record({
  machine: fc.record({
    disks: fc.array(fc.record({ size, fill: fc.option(seed, { nil: undefined, freq: 4 }) }), { minLength: 1, maxLength: 3 }),
    independentDisk: fc.nat(9).map((n) => n === 0),
    changeTracking: fc.boolean(),
    hardwareVersion: fc.nat(14).map((n) => (n === 0 ? 6 : 19)),
    quiesceFails: fc.boolean(),
  }),
  lab: fc.record({
    seed,
    pageSize: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(2000)),
    pageWindow: fc.option(
      fc.oneof(
        fc.integer({ min: 1, max: 16 }).map((n) => n * 128 * 1024),
        fc.integer({ min: 2 ** 17, max: 2 ** 21 }).map((n) => n - (n % 512)),
      ),
      { nil: undefined },
    ),
    taskMs: fc.constantFrom(0, 0, 2, 6),
    consolidationMs: fc.constantFrom(0, 4, 25),
    consolidation: fc.constantFrom('background' as const, 'background' as const, 'task' as const),
    snapshotDuringConsolidation: fc.constantFrom('corrupts' as const, 'refused' as const),
    foreignChangeId: fc.constantFrom('silent' as const, 'fault' as const),
    hardPowerOffResetsTracking: fc.boolean(),
  }),
  faults: fc.oneof(
    { weight: 2, arbitrary: fc.constant<FaultRule[]>([]) },
    { weight: 3, arbitrary: fc.array(fault, { minLength: 1, maxLength: 4 }) },
  ),
  settings: fc.record({
    verify: fc.constantFrom('written' as const, 'written' as const, 'all' as const),
    quiesce: fc.boolean(),
    keep: fc.integer({ min: 1, max: 3 }),
  }),
  tuning: fc.record({ taskBytes: fc.constantFrom(2 * MiB, 64 * MiB), checkpointBytes: fc.constantFrom(MiB, 2 * MiB, 64 * MiB) }),
  steps: fc
    .tuple(
      // Something that incremental runs can build upon comes first, more often than not.
      fc.oneof({ weight: 2, arbitrary: fc.constant<Step[]>([plain('incremental')]) }, { weight: 1, arbitrary: fc.constant<Step[]>([]) }),
      fc.array(
        fc.oneof(
          { weight: 10, arbitrary: event.map((each): Step[] => [each]) },
          { weight: 8, arbitrary: run.map((each): Step[] => [each]) },
          { weight: 1, arbitrary: run.map((each): Step[] => [{ what: 'power-off' }, { ...each, kind: 'final' }, { what: 'power-on' }]) },
        ),
        { minLength: 1, maxLength: 5 },
      ),
    )
    .map(([first, rest]) => [...first, ...rest.flat()]),
});
