import { once } from 'node:events';
import { copyFile, open, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { Extent } from '../../../workers/protocol.ts';
import { changeId, changeIdEpoch, type MachineInventory, type PowerState } from '../../domain/machine.ts';
import { checkCancelled } from '../../providers/cancelled.ts';
import type { ChangedExtents, MachineSnapshot, SnapshotDisk, SourceChange, SourceProvider } from '../../providers/source.ts';

/** Bytes: CBT's granularity here. */
const REGION = 64 * 1024;

interface FakeDisk {
  key: number;
  objectId: string;
  capacity: number;
  /** Region → sequence of its last change. */
  changed: Map<number, number>;
}

interface FakeSnapshot {
  ref: string;
  name: string;
  sequence: number;
  epoch: string;
  disks: { key: number; objectId: string; capacity: number }[];
}

/**
 * A source with one machine whose disks are files in a folder, for the tests of the engine itself. A snapshot is a copy.
 * What it does wrong is scripted; the lab's vCenter is the strict double.
 */
export class FakeSource implements SourceProvider {
  readonly calls: string[] = [];
  snapshots: FakeSnapshot[] = [];
  power: PowerState = 'on';
  epoch = 'epoch-1';
  /** Thrown by the next call of the method of that name. */
  readonly failures: { method: string; error: OctopusError }[] = [];
  /** Said of a disk in every snapshot. */
  readonly doubts = new Map<number, string>();
  /** Said by prepareTracking. */
  trackingDoubt: string | undefined;
  /** A create that times out for its caller and lands all the same. */
  landLate = false;
  readonly disks: FakeDisk[] = [];
  private readonly folder: string;
  private sequence = 1;
  private nextSnapshot = 1;

  constructor(folder: string) {
    this.folder = folder;
  }

  inventoryNow(): MachineInventory {
    return {
      ref: 'vm-1',
      instanceUuid: 'instance-1',
      name: 'web',
      folder: '/',
      host: 'host-1',
      cluster: undefined,
      powerState: this.power,
      firmware: 'bios',
      secureBoot: false,
      guestId: 'otherGuest64',
      guestName: 'Other',
      tools: 'toolsOk',
      cpus: 1,
      memory: 2 ** 29,
      hardwareVersion: 19,
      changeTracking: true,
      template: false,
      tags: [],
      disks: this.disks.map(({ key, objectId, capacity }) => ({
        key,
        objectId,
        capacity,
        label: `Hard disk ${key - 1999}`,
        datastore: 'ds-1',
        path: `[ds-1] web/web-${key}.vmdk`,
        thin: true,
        excluded: undefined,
      })),
      adapters: [],
      snapshotCount: this.snapshots.length,
      consolidationNeeded: false,
    };
  }

  file(key: number): string {
    return join(this.folder, `current-${key}.raw`);
  }

  frozen(snapshot: string, key: number): string {
    return join(this.folder, `${snapshot}-${key}.raw`);
  }

  async addDisk(key: number, capacity: number): Promise<void> {
    await writeFile(this.file(key), '');
    await truncate(this.file(key), capacity);
    this.disks.push({ key, objectId: `object-${key}`, capacity, changed: new Map() });
  }

  async resize(key: number, capacity: number): Promise<void> {
    await truncate(this.file(key), capacity);
    this.disk(key).capacity = capacity;
  }

  async write(key: number, offset: number, data: Buffer): Promise<void> {
    const handle = await open(this.file(key), 'r+');
    try {
      await handle.write(data, 0, data.length, offset);
    } finally {
      await handle.close();
    }
    for (let at = Math.floor(offset / REGION); at * REGION < offset + data.length; at++) this.disk(key).changed.set(at, this.sequence);
  }

  async about(signal?: AbortSignal) {
    checkCancelled(signal);
    return { name: 'fake', version: '1', instanceUuid: 'fake-source' };
  }

  async inventory(signal?: AbortSignal) {
    checkCancelled(signal);
    return [this.inventoryNow()];
  }

  async machine(refOrName: string, signal?: AbortSignal) {
    this.begin('machine', refOrName === 'web' ? 'vm-1' : refOrName, signal);
    return this.inventoryNow();
  }

  async *watch(signal: AbortSignal): AsyncGenerator<SourceChange[]> {
    if (signal.aborted) return;
    yield [{ kind: 'added', machine: 'vm-1', inventory: this.inventoryNow() }];
    if (!signal.aborted) await once(signal, 'abort');
  }

  async missingPrivileges(machine: string, signal?: AbortSignal) {
    this.begin('missingPrivileges', machine, signal);
    return [];
  }

  async unreadable(machine: string, signal?: AbortSignal) {
    this.begin('unreadable', machine, signal);
    return [];
  }

  async prepareTracking(machine: string, _snapshotName?: string, signal?: AbortSignal) {
    this.begin('prepareTracking', machine, signal);
    const doubt = this.foreignDoubt();
    if (doubt !== undefined) return { tracked: false, doubt };
    return this.trackingDoubt === undefined ? { tracked: true } : { tracked: false, doubt: this.trackingDoubt };
  }

  async createSnapshot(machine: string, name: string, _options?: unknown, signal?: AbortSignal): Promise<MachineSnapshot> {
    this.begin('createSnapshot', machine, signal);
    let snapshot = this.snapshots.find((other) => other.name === name);
    if (!snapshot) {
      const disks = this.disks.map(({ key, objectId, capacity }) => ({ key, objectId, capacity }));
      snapshot = { ref: `snapshot-${this.nextSnapshot++}`, name, sequence: this.sequence++, epoch: this.epoch, disks };
      // Before it is copied: who asks for the same name meanwhile gets the same one.
      this.snapshots.push(snapshot);
      for (const { key } of disks) await copyFile(this.file(key), this.frozen(snapshot.ref, key));
      if (this.landLate) {
        this.landLate = false;
        throw new OctopusError('source.unreachable', 'The server did not answer in time.', { retryable: true });
      }
    }
    return this.describe(snapshot);
  }

  async findSnapshot(_machine: string, name: string, signal?: AbortSignal) {
    checkCancelled(signal);
    const snapshot = this.snapshots.find((other) => other.name === name);
    return snapshot && this.describe(snapshot);
  }

  async listSnapshots(_machine: string, prefix: string, signal?: AbortSignal) {
    checkCancelled(signal);
    return this.snapshots.filter(({ name }) => name.startsWith(prefix)).map(({ ref, name }) => ({ ref, name }));
  }

  async removeSnapshot(machine: string, ref: string, signal?: AbortSignal) {
    this.begin('removeSnapshot', machine, signal);
    for (const { key } of this.snapshots.find((other) => other.ref === ref)?.disks ?? []) await rm(this.frozen(ref, key), { force: true });
    this.snapshots = this.snapshots.filter((other) => other.ref !== ref);
  }

  async changedExtents(
    machine: string,
    snapshot: MachineSnapshot,
    disk: SnapshotDisk,
    baseline: { changeId: ReturnType<typeof changeId>; capacity: number },
    signal?: AbortSignal,
  ): Promise<ChangedExtents> {
    this.begin('changedExtents', machine, signal);
    if (disk.doubt !== undefined) return { doubt: disk.doubt };
    if (baseline.capacity !== disk.capacity) return { doubt: 'The disk was resized.' };
    if (disk.changeId === undefined || changeIdEpoch(disk.changeId) !== changeIdEpoch(baseline.changeId)) {
      return { doubt: 'Change tracking was reset since the last run.' };
    }
    const since = Number(baseline.changeId.split('/')[1]);
    const until = this.snapshots.find(({ ref }) => ref === snapshot.ref)!.sequence;
    const extents: Extent[] = [];
    for (const [region, sequence] of [...this.disk(disk.key).changed].sort(([a], [b]) => a - b)) {
      // A region that was written again after the snapshot is reported as well: too much is allowed, too little is not.
      if (sequence > since || sequence > until) {
        const length = Math.min(REGION, disk.capacity - region * REGION);
        const last = extents.at(-1);
        if (last !== undefined && last.offset + last.length === region * REGION) last.length += length;
        else extents.push({ offset: region * REGION, length });
      }
    }
    return { extents };
  }

  async openDescriptor(
    machine: string,
    snapshot: MachineSnapshot,
    disk: SnapshotDisk,
    options: { refresh: boolean },
    signal?: AbortSignal,
  ) {
    this.begin(options.refresh ? 'openDescriptor:refresh' : 'openDescriptor', machine, signal);
    const frozen = this.snapshots.find(({ ref }) => ref === snapshot.ref)?.disks.some(({ key }) => key === disk.key);
    if (!frozen) throw new OctopusError('source.missing', `There is no disk ${disk.key} of ${snapshot.name}.`);
    return { source: { kind: 'file' as const, path: this.frozen(snapshot.ref, disk.key) }, close: async () => {} };
  }

  async powerState(machine: string, signal?: AbortSignal) {
    this.begin('powerState', machine, signal);
    return this.power;
  }

  async powerOn(machine: string, signal?: AbortSignal) {
    this.begin('powerOn', machine, signal);
    this.power = 'on';
  }

  async powerOff(machine: string, _options?: unknown, signal?: AbortSignal) {
    this.begin('powerOff', machine, signal);
    if (this.power === 'off') return 'already-off' as const;
    this.power = 'off';
    return 'guest' as const;
  }

  async [Symbol.asyncDispose]() {}

  private disk(key: number): FakeDisk {
    return this.disks.find((disk) => disk.key === key)!;
  }

  private foreignDoubt(): string | undefined {
    const foreign = this.snapshots.find(({ name }) => !name.startsWith('octopus-'));
    return foreign && `Nothing is known beside the snapshot '${foreign.name}'.`;
  }

  private describe(snapshot: FakeSnapshot): MachineSnapshot {
    const foreign = this.foreignDoubt();
    return {
      ref: snapshot.ref,
      name: snapshot.name,
      powerState: this.power,
      foreignSnapshots: this.snapshots.filter(({ name }) => !name.startsWith('octopus-')).length,
      disks: snapshot.disks.map(({ key, objectId, capacity }) => {
        const doubt = this.doubts.get(key) ?? foreign;
        const mark = doubt === undefined ? changeId(`${snapshot.epoch}/${snapshot.sequence}`) : undefined;
        return { key, objectId, capacity, changeId: mark, doubt };
      }),
    };
  }

  private begin(method: string, machine: string, signal: AbortSignal | undefined): void {
    checkCancelled(signal);
    this.calls.push(method);
    const index = this.failures.findIndex((failure) => failure.method === method);
    if (index >= 0) throw this.failures.splice(index, 1)[0]!.error;
    if (machine !== 'vm-1') throw new OctopusError('source.missing', `There is no machine ${machine}.`);
  }
}
