import type { Content } from './content.ts';
import { LabFault } from './lab-fault.ts';
import { chainOf, type Layer, readLayer, writeLayer } from './layer.ts';
import { longestNoise, type Made } from './pieces.ts';
import { changeIdOf, type Tracking, trackWrite } from './tracking.ts';
import type { LabDisk, LabDiskView, MadeWrite, Ref } from './types.ts';

/** What a disk asks of its machine. */
export interface DiskOwner {
  powerState: string;
  now(): number;
  hasSnapshots(): boolean;
  /** The layer that the snapshot froze. */
  frozenLayer(snapshot: Ref, key: number): Layer;
  /** New content for a disk that is made again. */
  replace(disk: SimulatedDisk, spec: { size: number; fill?: number }): void;
  configurationChanged(): void;
  /** For whoever keeps the world: this was written. */
  written(disk: SimulatedDisk, offset: number, length: number, made: Made | 'same'): void;
}

export type DiskIdentity = Pick<
  LabDiskView,
  'key' | 'label' | 'controllerKey' | 'unitNumber' | 'objectId' | 'thin' | 'mode' | 'backing' | 'datastore' | 'datastoreRef'
> & { sharing: 'none' | 'virtual' | 'physical' };

/** What a disk is by its identity and the layer that it is read from. */
abstract class LayeredDisk {
  readonly identity: DiskIdentity;
  /** Where reading begins. */
  protected abstract get newest(): Layer;

  constructor(identity: DiskIdentity) {
    this.identity = identity;
  }

  get key() {
    return this.identity.key;
  }
  get label() {
    return this.identity.label;
  }
  get controllerKey() {
    return this.identity.controllerKey;
  }
  get unitNumber() {
    return this.identity.unitNumber;
  }
  get objectId() {
    return this.identity.objectId;
  }
  get thin() {
    return this.identity.thin;
  }
  get mode() {
    return this.identity.mode;
  }
  get backing() {
    return this.identity.backing;
  }
  get datastore() {
    return this.identity.datastore;
  }
  get datastoreRef() {
    return this.identity.datastoreRef;
  }
  get fileName() {
    return `[${this.datastore}] ${this.newest.file}`;
  }
  get parentFileNames() {
    return chainOf(this.newest)
      .slice(1)
      .map((layer) => `[${this.datastore}] ${layer.file}`);
  }
}

/** A disk as a snapshot shows it. The layer may move when a consolidation merges it; the content it shows does not. */
export class FrozenDisk extends LayeredDisk implements LabDiskView {
  readonly uuid: string;
  readonly capacity: number;
  readonly changeId: string | undefined;
  layer: Layer;

  constructor(fields: Pick<FrozenDisk, 'identity' | 'uuid' | 'capacity' | 'changeId' | 'layer'>) {
    super(fields.identity);
    this.uuid = fields.uuid;
    this.capacity = fields.capacity;
    this.changeId = fields.changeId;
    this.layer = fields.layer;
  }

  protected get newest() {
    return this.layer;
  }
}

export class SimulatedDisk extends LayeredDisk implements LabDisk {
  readonly owner: DiskOwner;
  uuid: string;
  capacity: number;
  top: Layer;
  content: Content;
  /** What it was made again from, over what the machine's description says. */
  madeAgain: { size: number; fill?: number } | undefined;
  tracking: Tracking | undefined;

  constructor(owner: DiskOwner, identity: DiskIdentity, uuid: string, content: Content, base: Layer) {
    super(identity);
    this.owner = owner;
    this.uuid = uuid;
    this.content = content;
    this.capacity = Math.ceil(content.size / 512) * 512;
    this.top = base;
  }

  protected get newest() {
    return this.top;
  }
  get changeId() {
    return this.tracking === undefined ? undefined : changeIdOf(this.tracking);
  }
  /** Snapshots freeze it. */
  get snapshottable() {
    return this.mode === 'persistent' && this.backing !== 'physicalRdm';
  }
  get trackable() {
    return this.snapshottable && this.identity.sharing === 'none';
  }

  write(offset: number, data: Buffer): void {
    this.#write(offset, data.length, Buffer.from(data));
  }

  writeMade(offset: number, length: number, made: MadeWrite): void {
    if (typeof made === 'number' && length > longestNoise) throw new RangeError(`At most ${longestNoise} bytes are made up at a time.`);
    this.#write(offset, length, made);
  }

  #write(offset: number, length: number, made: Made | 'same'): void {
    if (this.owner.powerState !== 'poweredOn') {
      throw new LabFault('InvalidPowerState', 'A guest writes only while its machine is powered on.', {
        requestedState: 'poweredOn',
        existingState: this.owner.powerState,
      });
    }
    this.#check(offset, length);
    if (length === 0) return;
    this.take(offset, length, made, this.owner.now());
    this.owner.written(this, offset, length, made);
  }

  /** A write that was let through, now or before a restart. */
  take(offset: number, length: number, made: Made | 'same', at: number): void {
    const { first, last } = writeLayer(this.top, offset, length, made, at);
    if (this.tracking !== undefined) trackWrite(this.tracking, first, last);
  }

  freeze(): FrozenDisk {
    const { identity, uuid, capacity, changeId, top: layer } = this;
    return new FrozenDisk({ identity, uuid, capacity, changeId, layer });
  }

  read(offset: number, length: number): Buffer {
    this.#check(offset, length);
    return readLayer(this.top, offset, length);
  }

  readAt(snapshot: Ref, offset: number, length: number): Buffer {
    this.#check(offset, length);
    return readLayer(this.owner.frozenLayer(snapshot, this.key), offset, length);
  }

  resize(capacity: number): void {
    if (this.owner.hasSnapshots() || this.top.parent !== undefined) {
      throw new LabFault('InvalidDeviceOperation', 'A disk of a machine with snapshots cannot be resized.', { badOp: 'edit' });
    }
    if (capacity < this.capacity || capacity % 512 !== 0) {
      throw new LabFault('InvalidDeviceSpec', 'A disk can only grow, in whole sectors.', { deviceIndex: '0' });
    }
    this.capacity = capacity;
    this.owner.configurationChanged();
  }

  recreate(spec: { size: number; fill?: number }): void {
    if (this.owner.hasSnapshots() || this.top.parent !== undefined) {
      throw new LabFault('InvalidDeviceOperation', 'A disk of a machine with snapshots cannot be replaced.', { badOp: 'remove' });
    }
    this.owner.replace(this, spec);
    this.owner.configurationChanged();
  }

  #check(offset: number, length: number): void {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0 || offset + length > this.capacity) {
      throw new RangeError(`[${offset}, ${offset + length}) is not inside a disk of ${this.capacity} bytes.`);
    }
  }
}
