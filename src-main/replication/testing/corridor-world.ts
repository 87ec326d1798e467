import { type LabVcenter, startLabVcenter } from '../../../lab/vcenter/lab-vcenter.ts';
import { createFaultPlan } from '../../../lab/vcenter/world/fault-plan.ts';
import { createRandom } from '../../../lab/vcenter/world/random.ts';
import { type FaultPlan, LabFault, type LabMachine, type LabTask } from '../../../lab/vcenter/world/types.ts';
import type { GuestWrite, Schedule, WorldEvent } from './corridor-schedule.ts';

export const OTHER_OCTOPUS = 'octopus-of-somebody-else';

/** The disks of one snapshot, copied in the moment it was taken. */
export type Truth = Map<number, Buffer>;

/** The machine of a schedule in its lab, and what is true of it whatever Octopus says. */
export interface CorridorWorld {
  lab: LabVcenter;
  machine: LabMachine;
  /** By the snapshot's reference; of those that Octopus took. */
  truths: Map<string, { name: string; disks: Truth }>;
  /** Snapshots that others took and nobody else may remove. */
  foreign: Set<string>;
  /** Power state as the events left it. */
  expectedPower(): string;
  /** Faults so far, those of late landings apart. */
  injected(): number;
  /** Snapshots whose creation was answered with a timeout. */
  late(): number;
  /** Called before each request is answered, with its number since the last reset. */
  onCall(listener: ((call: number) => void) | undefined): void;
  /** Does it now, where it is possible; answers what it would take to wait for. */
  happen(event: WorldEvent): Promise<void>;
  /** No task, no consolidation and no late snapshot is under way. */
  settle(): Promise<void>;
}

export async function startCorridorWorld(schedule: Schedule): Promise<CorridorWorld> {
  const plan = createFaultPlan({ seed: schedule.lab.seed, rules: schedule.faults });
  let listener: ((call: number) => void) | undefined;
  let calls = 0;
  const faults: FaultPlan = {
    injected: plan.injected,
    pause: () => plan.pause(),
    resume: () => plan.resume(),
    decide(operation) {
      if (!operation.startsWith('task:')) listener?.(calls++);
      return plan.decide(operation);
    },
  };
  const { disks, independentDisk, ...spec } = schedule.machine;
  const lab = await startLabVcenter({
    ...schedule.lab,
    faults,
    machines: [
      {
        name: 'web',
        ...spec,
        changeTracking: spec.changeTracking && spec.hardwareVersion >= 7,
        disks: [
          ...disks.map(({ size, fill }) => (fill === undefined ? { size } : { size, fill })),
          ...(independentDisk ? [{ size: 2 ** 20, fill: 1, mode: 'independent_persistent' as const }] : []),
        ],
      },
    ],
  });
  const machine = lab.world.machineByName('web')!;
  const truths: CorridorWorld['truths'] = new Map();
  const foreign = new Set<string>();
  let power = machine.powerState;

  lab.world.changes.subscribe(() => {
    for (const snapshot of machine.snapshots.values()) {
      if (truths.has(snapshot.ref) || !/^octopus-[0-9a-f-]{36}$/.test(snapshot.name)) continue;
      const frozen: Truth = new Map();
      truths.set(snapshot.ref, { name: snapshot.name, disks: frozen });
      for (const view of snapshot.disks) {
        if (view.mode !== 'persistent') continue;
        const disk = machine.disks.find(({ key }) => key === view.key)!;
        frozen.set(view.key, disk.readAt(snapshot.ref, 0, view.capacity));
      }
    }
  });

  const diskOf = (index: number) => machine.disks[index % disks.length]!;

  function write({ disk: index, at, length: wanted, content, seed }: GuestWrite): void {
    const disk = diskOf(index);
    const offset = Math.min(disk.capacity - 1, Math.floor((disk.capacity * at) / 1000));
    const length = Math.min(wanted, disk.capacity - offset);
    const data =
      content === 'same'
        ? disk.read(offset, length)
        : content === 'zero'
          ? Buffer.alloc(length)
          : createRandom(seed).bytes(Buffer.allocUnsafe(length));
    disk.write(offset, data);
  }

  /** Faults are for Octopus alone. */
  async function task(begin: () => LabTask): Promise<string | undefined> {
    plan.pause();
    try {
      const begun = begin();
      return await begun.done;
    } finally {
      plan.resume();
    }
  }

  async function setPower(begin: () => LabTask | undefined): Promise<void> {
    try {
      await task(() => begin() ?? ({ done: Promise.resolve(undefined) } as LabTask));
    } finally {
      power = machine.powerState;
    }
  }

  const foreignAt = (index: number) => [...foreign][index % foreign.size];

  async function act(event: WorldEvent): Promise<void> {
    switch (event.what) {
      case 'write':
        for (const each of event.writes) write(each);
        return;
      case 'power-loss':
        return setPower(() => {
          machine.losePower();
          return undefined;
        });
      case 'power-off':
        return setPower(() => machine.powerOff());
      case 'power-on':
        return setPower(() => machine.powerOn());
      case 'reset':
        return setPower(() => machine.reset());
      case 'suspend':
        return setPower(() => machine.suspend());
      case 'tracking-off':
        await task(() => machine.setChangeTracking(false));
        return;
      case 'tracking-toggled':
        await task(() => machine.setChangeTracking(false));
        // Switched on while a snapshot exists it misses changes and nobody can tell afterwards: no client could be right.
        if (machine.snapshots.size === 0 && !machine.consolidationNeeded) await task(() => machine.setChangeTracking(true));
        return;
      case 'resize':
        diskOf(event.disk).resize(diskOf(event.disk).capacity + event.sectors * 512);
        return;
      case 'recreate':
        diskOf(event.disk).recreate({ size: event.size, ...(event.fill === undefined ? {} : { fill: event.fill }) });
        return;
      case 'foreign-added': {
        const ref = await task(() => machine.createSnapshot(event.octopus ? OTHER_OCTOPUS : `before update ${foreign.size + 1}`));
        if (ref !== undefined) foreign.add(ref);
        return;
      }
      case 'foreign-removed': {
        const ref = foreignAt(event.index);
        if (ref === undefined) return;
        await task(() => machine.removeSnapshot(ref));
        foreign.delete(ref);
        return;
      }
      case 'foreign-reverted': {
        const ref = foreignAt(event.index);
        if (ref !== undefined) await setPower(() => machine.revertToSnapshot(ref));
        return;
      }
      case 'own-removed': {
        const own = [...machine.snapshots.values()].find(({ name }) => name.startsWith('octopus-') && name !== OTHER_OCTOPUS);
        if (own !== undefined) await task(() => machine.removeSnapshot(own.ref));
        return;
      }
      case 'session-lost':
        lab.endSessions();
    }
  }

  const late = () => plan.injected.filter(({ action }) => action.kind === 'landsLater').length;
  const longestLanding = Math.max(0, ...schedule.faults.map(({ action }) => (action.kind === 'landsLater' ? action.ms : 0)));

  return {
    lab,
    machine,
    truths,
    foreign,
    expectedPower: () => power,
    injected: () => plan.injected.length,
    late,
    onCall(next) {
      listener = next;
      calls = 0;
    },
    async happen(event) {
      try {
        await act(event);
      } catch (fault) {
        // The vCenter refuses it: it cannot happen now.
        if (!(fault instanceof LabFault)) throw fault;
      }
    },
    async settle() {
      plan.pause();
      if (late() > 0) await pause(longestLanding + 60);
      for (let tries = 0; tries < 500; tries++) {
        const busy = [...lab.world.tasks.values()].some(({ state }) => state === 'running' || state === 'queued');
        if (!busy) return;
        await pause(5);
      }
      throw new Error('The lab does not come to rest.');
    },
  };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
