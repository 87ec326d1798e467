import { createHash, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { SimulatedDisk } from './disk.ts';
import { Journal, readJournal } from './journal.ts';
import { applyRecord, type MachineRecord, madeOf, madeRecord, recordOf } from './machine-record.ts';
import type { MachineState } from './machine-state.ts';
import type { Made } from './pieces.ts';
import type { Random, RandomState } from './random.ts';
import type { Kept, Ref, WorldOptions } from './types.ts';

/** Numbers and random values that all machines share. */
interface Counters {
  random: RandomState;
  snapshots: number;
  tasks: number;
}

interface Header {
  format: 'octopus lab';
  version: 1;
  /** Of the descriptions of the machines and the seed: others make another world. */
  world: string;
  /** How often it was started. */
  starts: number;
  /** Of how many machines it tells. */
  machines?: number;
}
interface MachineLine {
  machine: MachineRecord;
  counters: Counters;
}
/** disk's index, offset, length, made, time */
interface WriteLine {
  of: Ref;
  write: [number, number, number, ReturnType<typeof madeRecord>, number];
}

/** What is asked of the world that is kept. */
export interface KeptWorld {
  machines: ReadonlyMap<Ref, MachineState>;
  counters(): { random: Random; snapshots: number; tasks: number };
  setCounters(counters: { snapshots: number; tasks: number }): void;
}

/** Task numbers given out since the last record are not known: none is given out twice. */
const taskGap = 1000;

/**
 * Keeps a world in a file, as vCenter and its datastores do: each change of a machine before anybody hears of it, each guest's write as it
 * comes. A record holds all of its machine, so that the last one counts.
 */
export class Keeper {
  readonly #path: string;
  readonly #onTrouble: NonNullable<NonNullable<WorldOptions['keep']>['onTrouble']>;
  readonly #journal: Journal;
  readonly #found: { machines: MachineLine[]; writes: Map<Ref, WriteLine[]>; torn: boolean } | undefined;
  readonly #header: Header;
  readonly #changed = new Set<MachineState>();
  #world: KeptWorld | undefined;
  readonly kept: Kept;
  /** Where marks of change tracking come from after a state that was lost, in whole or at its end: none is given out twice. */
  readonly salt = randomBytes(4).readUInt32LE();

  constructor(options: { path: string; description: unknown; onTrouble?: NonNullable<WorldOptions['keep']>['onTrouble'] }) {
    this.#path = options.path;
    this.#onTrouble = options.onTrouble ?? (() => {});
    this.#journal = new Journal(options.path);
    const world = createHash('sha256').update(JSON.stringify(options.description)).digest('hex');
    const fresh: Header = { format: 'octopus lab', version: 1, world, starts: 1 };
    try {
      const read = readJournal(options.path);
      const header = read?.records[0] as Header | undefined;
      this.kept = read === undefined ? 'new' : 'restored';
      if (read !== undefined && (header?.format !== 'octopus lab' || header.version !== 1)) throw new Error('it does not hold a lab');
      if (header !== undefined && header.world !== world) throw new Error('it holds a lab with other machines');
      this.#header = header === undefined ? fresh : { ...header, starts: header.starts + 1 };
      if (read !== undefined) this.#found = { ...sorted(read.records.slice(1)), torn: read.torn };
      if (this.#found?.machines.length !== header?.machines) throw new Error('it does not tell of all machines');
    } catch (error) {
      this.kept = 'lost';
      this.#header = fresh;
      this.#onTrouble('lost', (error as Error).message);
    }
  }

  get starts(): number {
    return this.#header.starts;
  }

  /** Puts the world into the state that was kept, and keeps it from now on. */
  begin(world: KeptWorld): void {
    this.#world = world;
    const { machines = [], writes = new Map<Ref, WriteLine[]>(), torn = false } = this.#found ?? {};
    for (const { machine } of machines) applyRecord(this.#machine(machine.ref), machine);
    for (const [ref, lines] of writes) {
      const { disks } = this.#machine(ref);
      for (const { write } of lines) disks[write[0]]!.take(write[1], write[2], madeOf(write[3]), write[4]);
    }
    const counters = machines.at(-1)?.counters;
    if (counters !== undefined) {
      if (!torn) world.counters().random.restore(counters.random);
      world.setCounters({ snapshots: counters.snapshots, tasks: counters.tasks + taskGap });
    }
    if (torn) for (const machine of world.machines.values()) machine.hostLostPower();
    this.#attempt(() => this.#replace());
  }

  /** Called within the change: what it leaves is written before anything else happens. */
  changed(machine: MachineState): void {
    if (this.#world === undefined) return;
    if (this.#changed.size === 0) queueMicrotask(() => this.flush());
    this.#changed.add(machine);
  }

  written(machine: MachineState, disk: SimulatedDisk, offset: number, length: number, made: Made | 'same'): void {
    if (this.#world === undefined) return;
    const write: WriteLine['write'] = [machine.disks.indexOf(disk), offset, length, madeRecord(made), machine.now()];
    this.#attempt(() => this.#journal.append({ of: machine.ref, write } satisfies WriteLine));
  }

  flush(): void {
    if (this.#changed.size === 0 || this.#world === undefined) return;
    const lines = [...this.#changed].map((machine) => this.#line(machine));
    this.#changed.clear();
    this.#attempt(() => {
      for (const line of lines) this.#journal.append(line);
      if (this.#journal.stale) this.#replace();
      else this.#journal.sync();
    });
  }

  close(): void {
    this.flush();
    this.#attempt(() => this.#journal.sync());
    this.#journal.close();
    this.#world = undefined;
  }

  #machine(ref: Ref): MachineState {
    const machine = this.#world?.machines.get(ref);
    if (machine === undefined) throw new Error(`The kept lab has no machine ${ref}.`);
    return machine;
  }

  #line(machine: MachineState): MachineLine {
    const { random, snapshots, tasks } = this.#world!.counters();
    return { machine: recordOf(machine), counters: { random: random.state(), snapshots, tasks } };
  }

  #replace(): void {
    const lines = [...this.#world!.machines.values()].map((machine) => this.#line(machine));
    this.#journal.replace([{ ...this.#header, machines: lines.length } satisfies Header, ...lines]);
  }

  /** A file that lags behind would give the same marks of change tracking to other contents: then rather none. */
  #attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#journal.close();
      this.#world = undefined;
      try {
        for (const path of [this.#path, `${this.#path}.new`]) rmSync(path, { force: true });
      } catch {
        // The folder does not take anything any more.
      }
      this.#onTrouble('notKept', (error as Error).message);
    }
  }
}

/** The last record of each machine, and the writes after it. */
function sorted(records: unknown[]): { machines: MachineLine[]; writes: Map<Ref, WriteLine[]> } {
  const machines = new Map<Ref, MachineLine>();
  const writes = new Map<Ref, WriteLine[]>();
  for (const record of records as (MachineLine | WriteLine)[]) {
    if ('machine' in record) {
      // The latest comes last, since it knows the counters.
      machines.delete(record.machine.ref);
      machines.set(record.machine.ref, record);
      writes.delete(record.machine.ref);
    } else {
      const lines = writes.get(record.of) ?? [];
      lines.push(record);
      writes.set(record.of, lines);
    }
  }
  return { machines: [...machines.values()], writes };
}
