import { createHash } from 'node:crypto';
import type { MeasuredRun } from '../store/repositories/estimates.ts';
import type { StoredMachine } from '../store/repositories/vms.ts';
import type { Store } from '../store/store.ts';
import { addRanges, mapRange, noRange, type Range, rangeOf } from './ranges.ts';

/** Runs that read less than this tell little about how fast a copy is. Bytes. */
const LEAST_MEASURED = 2 ** 20;
/** Newest runs that are looked at. */
const RUNS = 50;
/** First runs of other machines from which a likeness is drawn; fewer say nothing. */
const LEAST_SIMILAR = 3;

export interface MachineEstimate {
  machineId: string;
  machineName: string;
  capacity: number;
  excludedDisks: number;
  read: Range;
  moved: Range;
  stored: Range;
  basis: 'runs' | 'similar' | 'capacity';
  madeAt: string;
}

export interface Estimates {
  items: MachineEstimate[];
  total: { capacity: number; read: Range; moved: Range; stored: Range; ms?: Range };
  throughput?: { bytesPerSecond: Range; basis: 'given' | 'measured'; runs: number };
  /** Absent where none makes it longer. */
  limit?: BandwidthLimit;
  basis: string;
}

/** Bytes a second that are read at most. */
interface BandwidthLimit {
  bytesPerSecond: number;
  of: 'all' | 'migration';
}

interface Wanted {
  targetKind: string;
  throughput?: number | undefined;
  /** Bytes a second; 0 or undefined: none. */
  limits?: Record<BandwidthLimit['of'], number | undefined>;
}

/** What the first runs of these machines would read, send and store. `at` is now. */
export async function estimate(
  store: Pick<Store, 'estimates'>,
  machines: readonly StoredMachine[],
  wanted: Wanted,
  at: string,
): Promise<Estimates> {
  const whole = ['full', 'reconcile'];
  const own = await store.estimates.measured({ machineIds: machines.map(({ id }) => id), kinds: whole, limit: 1000 });
  const others = await store.estimates.measured({ kinds: ['full'], limit: RUNS });
  const items = machines.map((machine) => estimateMachine(machine, own, others, at));
  for (const item of items) {
    const id = createHash('sha256').update(`${item.machineId} ${wanted.targetKind}`).digest('hex').slice(0, 32);
    await store.estimates.put({ id, machineId: item.machineId, targetKind: wanted.targetKind, result: item, createdAt: at });
  }
  const sum = (part: 'read' | 'moved' | 'stored') => items.map((item) => item[part]).reduce(addRanges, noRange);
  const total = {
    capacity: items.reduce((all, { capacity }) => all + capacity, 0),
    ...{ read: sum('read'), moved: sum('moved'), stored: sum('stored') },
  };
  const throughput = await throughputOf(store, wanted.throughput);
  // A line carries what is sent; what was measured is how fast disks are read, holes and zeros included.
  const bytes = throughput?.basis === 'given' ? total.moved : total.read;
  const free = throughput && timeOf(bytes, throughput.bytesPerSecond);
  const lowest = lowestOf(wanted.limits);
  // It holds back whatever is read, be it sent or not.
  const limited =
    lowest &&
    timeOf(
      total.read,
      mapRange(noRange, () => lowest.bytesPerSecond),
    );
  const ms = free && limited ? longerOf(free, limited) : (free ?? limited);
  const limit = limited && (!free || limited.likely > free.likely) ? lowest : undefined;
  return {
    items,
    total: { ...total, ...(ms ? { ms } : {}) },
    ...(throughput ? { throughput } : {}),
    ...(limit ? { limit } : {}),
    basis: basisOf(items, throughput, limit),
  };
}

function estimateMachine(machine: StoredMachine, own: readonly MeasuredRun[], others: readonly MeasuredRun[], at: string): MachineEstimate {
  const { disks, name } = machine.inventory;
  const replicated = disks.filter(({ excluded }) => excluded === undefined);
  const capacity = replicated.reduce((all, disk) => all + disk.capacity, 0);
  const known = {
    machineId: machine.id,
    machineName: name,
    capacity,
    excludedDisks: disks.length - replicated.length,
    madeAt: at,
  };
  const most = (range: Range) => mapRange(range, (value) => Math.min(capacity, Math.round(value)));
  const mine = own.filter(({ machineId, capacity: was }) => machineId === machine.id && was === capacity);
  if (mine.length > 0) {
    // What is not zero: sent by a full run, sent or found the same by a reconcile.
    const held = most(rangeOf(mine.map(({ sent, unchanged }) => sent + unchanged))!);
    return { ...known, read: most(rangeOf(mine.map(({ read }) => read))!), moved: held, stored: storedOf(held), basis: 'runs' };
  }
  const shares = others.filter((run) => run.capacity > 0).map(({ sent, capacity: of }) => sent / of);
  const read = { low: capacity, likely: capacity, high: capacity };
  if (shares.length >= LEAST_SIMILAR) {
    const moved = most(mapRange(rangeOf(shares)!, (share) => share * capacity));
    return { ...known, read, moved, stored: storedOf(moved), basis: 'similar' };
  }
  // Nothing is known but the size: anything from an empty disk to a full one.
  const moved = { low: 0, likely: Math.round(capacity / 2), high: capacity };
  return { ...known, read, moved, stored: storedOf(moved), basis: 'capacity' };
}

/** The working replica and the first recovery point; file systems that share blocks need less. */
const storedOf = (held: Range): Range => mapRange(held, (bytes) => bytes * 2);

async function throughputOf(store: Pick<Store, 'estimates'>, given: number | undefined): Promise<Estimates['throughput']> {
  if (given !== undefined) return { bytesPerSecond: { low: given, likely: given, high: given }, basis: 'given', runs: 0 };
  const runs = await store.estimates.measured({ limit: RUNS });
  const rates = runs
    .filter(({ read, transferMs }) => read >= LEAST_MEASURED && transferMs > 0)
    .map(({ read, transferMs }) => (read / transferMs) * 1000);
  const bytesPerSecond = rangeOf(rates);
  return bytesPerSecond && { bytesPerSecond, basis: 'measured', runs: rates.length };
}

function lowestOf(limits: Wanted['limits']): BandwidthLimit | undefined {
  const { all, migration } = limits ?? {};
  if (migration && (!all || migration < all)) return { bytesPerSecond: migration, of: 'migration' };
  return all ? { bytesPerSecond: all, of: 'all' } : undefined;
}

const longerOf = (a: Range, b: Range): Range => ({
  low: Math.max(a.low, b.low),
  likely: Math.max(a.likely, b.likely),
  high: Math.max(a.high, b.high),
});

function timeOf(bytes: Range, rate: Range): Range {
  const ms = (size: number, perSecond: number) => Math.round((size / perSecond) * 1000);
  return { low: ms(bytes.low, rate.high), likely: ms(bytes.likely, rate.likely), high: ms(bytes.high, rate.low) };
}

function basisOf(items: readonly MachineEstimate[], throughput: Estimates['throughput'], limit: Estimates['limit']): string {
  const count = (basis: MachineEstimate['basis']) => items.filter((item) => item.basis === basis).length;
  const said = [
    count('runs') > 0 ? `${count('runs')} by runs of their own` : '',
    count('similar') > 0 ? `${count('similar')} by first runs of other machines` : '',
    count('capacity') > 0 ? `${count('capacity')} by the size of their disks alone` : '',
  ].filter((text) => text !== '');
  const machines = said.length === 0 ? 'No machine was asked for.' : `Machines: ${said.join(', ')}.`;
  if (limit) {
    const whose = limit.of === 'all' ? 'of all runs' : 'of the migration';
    const alone = throughput ? '' : '; how fast it would be without it, no run has measured yet';
    return `${machines} Time: as the bandwidth limit ${whose} lets it, one machine after the other${alone}.`;
  }
  if (!throughput) return `${machines} No run has measured a throughput yet, so no time is told.`;
  const rate = throughput.basis === 'given' ? 'Time: at the throughput that was given' : `Time: as fast as ${throughput.runs} earlier runs`;
  return `${machines} ${rate}, one machine after the other.`;
}
