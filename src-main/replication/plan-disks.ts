import { OctopusError } from '../../workers/octopus-error.ts';
import type { ExtentTable } from '../../workers/protocol.ts';
import type { KeptPoint, RecoveryPoint, RunKind } from '../domain/recovery-point.ts';
import { type DiskMode, noCounts, type RunDisk } from '../domain/run.ts';
import type { SnapshotDisk } from '../providers/source.ts';
import type { RunContext } from './context.ts';
import { tableBytes, toBlockTable } from './extent-table.ts';
import { retrying } from './retry.ts';

interface DiskPlan {
  mode: DiskMode;
  doubt?: string | undefined;
  extents?: ExtentTable | undefined;
}

/** Phase `changes`: decides for each disk what is read, and stores it. Any doubt is a reconcile, never a guess. */
export async function planDisks(c: RunContext): Promise<void> {
  const leftOut = new Set(c.machine.inventory.disks.filter(({ excluded }) => excluded !== undefined).map(({ key }) => key));
  const frozen = c.snapshot!.disks.filter(({ key }) => !leftOut.has(key));
  if (frozen.length === 0) {
    throw new OctopusError('source.unsupported', `${c.machine.inventory.name} has no disk that can be replicated.`);
  }
  const baseline = await c.store.recoveryPoints.newest(c.job.id);
  const damaged = baseline !== undefined && (await isDamaged(c, baseline));
  const plans: RunDisk[] = [];
  for (const disk of frozen) {
    const plan = await planDisk(c, disk, baseline, damaged);
    // A mark taken while tracking is doubted must not become a baseline.
    const trusted = c.run.trackingDoubt === undefined && disk.doubt === undefined;
    plans.push({
      runId: c.run.id,
      key: disk.key,
      objectId: disk.objectId,
      datastore: c.machine.inventory.disks.find(({ key }) => key === disk.key)?.datastore ?? '',
      capacity: disk.capacity,
      changeId: trusted ? disk.changeId : undefined,
      mode: plan.mode,
      doubt: plan.doubt,
      extents: plan.extents,
      blank: false,
      journal: undefined,
      manifestRoot: undefined,
      algorithm: undefined,
      counts: noCounts,
    });
  }
  noteWhatIsLeftOut(c, frozen, baseline);
  c.run.kind = runKind(c.run.kind, plans, baseline);
  await c.store.runDisks.plan(c.run.id, plans);
  await c.store.runs.save(c.run);
  c.disks = plans;
}

/** Whether a point was read again since the last run, and differed: what spoilt it may have spoilt the replica that they all share blocks with. */
async function isDamaged(c: RunContext, baseline: KeptPoint): Promise<boolean> {
  const points = [baseline, ...(await c.store.recoveryPoints.ofJob(c.job.id))];
  return points.some(({ mismatch, rereadAt }) => mismatch !== undefined && (rereadAt ?? '') > baseline.committedAt);
}

async function planDisk(c: RunContext, disk: SnapshotDisk, point: RecoveryPoint | undefined, damaged: boolean): Promise<DiskPlan> {
  if (!point) return { mode: 'full' };
  const before = point.disks.find(({ key }) => key === disk.key);
  if (!before) return { mode: 'full', doubt: 'The disk was added since the last recovery point.' };
  const reconcile = (doubt: string): DiskPlan => ({ mode: 'reconcile', doubt });
  if (before.objectId !== disk.objectId) return reconcile('Another disk stands in its place since the last recovery point.');
  if (c.run.kind === 'reconcile') return reconcile('A reconcile was asked for.');
  if (before.capacity !== disk.capacity) {
    const how = disk.capacity > before.capacity ? 'grown' : 'shrunk';
    return reconcile(`The disk has ${how} from ${before.capacity} to ${disk.capacity} bytes.`);
  }
  if (damaged) return reconcile('A recovery point was found damaged when it was read again, so the replica may be, too.');
  if (c.run.trackingDoubt !== undefined) return reconcile(c.run.trackingDoubt);
  if (disk.doubt !== undefined) return reconcile(disk.doubt);
  if (before.changeId === undefined) return reconcile('The last recovery point has no change id for this disk.');
  const baseline = { changeId: before.changeId, capacity: before.capacity };
  const inventory = c.machine.inventory;
  const answer = await retrying(c, c.signal, (signal) =>
    c.sourceProvider.changedExtents(inventory.ref, c.snapshot!, disk, baseline, signal),
  );
  if (answer.extents === undefined) return reconcile(answer.doubt);
  for (const { offset, length } of answer.extents) {
    if (!(Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0 && offset + length <= disk.capacity)) {
      return reconcile(`The source reported a change outside the disk (offset ${offset}, length ${length}).`);
    }
  }
  return { mode: 'extents', extents: toBlockTable(answer.extents, disk.capacity) };
}

/** Called again when the replica phase finds a doubt of its own. */
export function runKind(asked: RunKind, disks: RunDisk[], baseline: RecoveryPoint | undefined): RunKind {
  if (asked === 'final') return 'final';
  if (!baseline) return 'full';
  return disks.every(({ mode }) => mode === 'extents') ? 'incremental' : 'reconcile';
}

function noteWhatIsLeftOut(c: RunContext, frozen: SnapshotDisk[], baseline: RecoveryPoint | undefined): void {
  const present = new Set(frozen.map(({ key }) => key));
  for (const disk of c.machine.inventory.disks) {
    if (!present.has(disk.key)) note(c, `${disk.label} is not replicated. ${disk.excluded ?? 'The snapshot does not hold it.'}`);
  }
  for (const disk of baseline?.disks ?? []) {
    const gone = !present.has(disk.key) && !c.machine.inventory.disks.some(({ key }) => key === disk.key);
    if (gone) note(c, `Disk ${disk.key} was removed since the last recovery point.`);
  }
}

/** A sentence that the run's report carries; once. */
export function note(c: RunContext, text: string): void {
  if (c.run.notes.includes(text)) return;
  c.run.notes.push(text);
  c.onEvent({ type: 'note', runId: c.run.id, text });
}

export function announceDisks(c: RunContext): void {
  for (const { key, mode, doubt, extents, capacity } of c.disks) {
    const bytes = extents === undefined ? capacity : tableBytes(extents);
    c.onEvent({ type: 'disk', runId: c.run.id, key, mode, doubt, bytes, capacity });
  }
}
