import { OctopusError, toOctopusError } from '../../../workers/octopus-error.ts';
import type { MachineInventory } from '../../domain/machine.ts';
import type { ChangedExtents, MachineRef, MachineSnapshot, SnapshotDisk, SourceProvider } from '../source.ts';
import { baselineDoubt, type ChangedPage, collectChangedExtents } from './changed-extents.ts';
import { datastoreUrl } from './datastore-url.ts';
import { displayName, Infrastructure } from './infrastructure.ts';
import { type DiskDevice, machineInventory, machinePaths } from './machine-inventory.ts';
import { foreignSnapshots, machineState } from './machine-state.ts';
import { nearestNames } from './nearest-names.ts';
import { fetchThumbprint } from './pinned-agent.ts';
import { powerOff, powerOn } from './power.ts';
import { missingPrivileges } from './privileges.ts';
import { type ObjectProperties, retrieveAll, retrieveMapped, retrieveObject } from './properties.ts';
import { createSnapshot, defaultPatience, findSnapshot, removeSnapshot, type SnapshotPatience, snapshotDevices } from './snapshots.ts';
import { readTags } from './tags.ts';
import { prepareTracking } from './tracking.ts';
import { openVddk, type VddkPrograms, vddkMissing } from './vddk.ts';
import { moRef, type SessionOptions, VimSession } from './vim-session.ts';
import { checkCancelled } from './wait.ts';
import { watchMachines } from './watch.ts';

export interface VsphereOptions extends SessionOptions {
  /** Disks are read over HTTPS (`/folder`), and those that it cannot serve with VMware's library through nbdkit; with `vddk` all of them. */
  readVia?: 'vddk';
  vddk?: VddkPrograms;
  patience?: Partial<SnapshotPatience>;
}

export { fetchThumbprint };

/** Logs in. Whoever connects closes (asyncDispose logs out). */
export async function connectVsphere(options: VsphereOptions, signal?: AbortSignal): Promise<SourceProvider> {
  return new VsphereSource(await VimSession.open(options, signal), options);
}

/** Parallel HTTP connections for one disk: vCenter serves /folder with few threads a datastore. */
const CONNECTIONS = 4;

class VsphereSource implements SourceProvider {
  readonly #session: VimSession;
  readonly #options: VsphereOptions;
  readonly #patience: SnapshotPatience;
  #infrastructure: Infrastructure | undefined;
  #tagsReachable = true;

  constructor(session: VimSession, options: VsphereOptions) {
    this.#session = session;
    this.#options = options;
    this.#patience = { ...defaultPatience, ...options.patience };
  }

  async about(signal?: AbortSignal): Promise<{ name: string; version: string; instanceUuid: string }> {
    checkCancelled(signal);
    const { about } = this.#session.content;
    return { name: about.fullName ?? about.name, version: about.version, instanceUuid: about.instanceUuid ?? '' };
  }

  async inventory(signal?: AbortSignal): Promise<MachineInventory[]> {
    const names = Infrastructure.load(this.#session, signal);
    names.catch(() => {}); // heard below, at the first page
    const describe = async (page: ObjectProperties[]) => {
      const infrastructure = await names;
      return detached(page.map(({ ref, properties }) => machineInventory(ref, properties, infrastructure, [])));
    };
    const machines = await retrieveMapped(this.#session, { VirtualMachine: machinePaths }, describe, signal);
    this.#infrastructure = await names;
    const refs = machines.map(({ ref }) => ref);
    const tags = await this.#tags(refs, signal);
    return machines.map((machine) => ({ ...machine, tags: [...new Set([...machine.tags, ...(tags.get(machine.ref) ?? [])])].sort() }));
  }

  async #tags(refs: string[], signal?: AbortSignal): Promise<Map<string, string[]>> {
    const { apiType } = this.#session.content.about;
    if (!this.#tagsReachable || refs.length === 0 || apiType !== 'VirtualCenter') return new Map();
    const tags = await readTags(this.#session, refs, this.#options.password, signal);
    checkCancelled(signal);
    this.#tagsReachable = tags !== undefined;
    return tags ?? new Map();
  }

  async machine(refOrName: string, signal?: AbortSignal): Promise<MachineInventory> {
    const ref = (await this.#isRef(refOrName, signal)) ? refOrName : await this.#refOf(refOrName, signal);
    const properties = await retrieveObject(this.#session, moRef('VirtualMachine', ref), machinePaths, signal);
    const infrastructure = await this.#names([properties.get('parent')?.text, properties.get('runtime.host')?.text], signal);
    return machineInventory(ref, properties, infrastructure, (await this.#tags([ref], signal)).get(ref) ?? []);
  }

  async #isRef(text: string, signal?: AbortSignal): Promise<boolean> {
    if (!/^(vm|virtualmachine)?-?\d+$/i.test(text)) return false;
    try {
      return (await retrieveObject(this.#session, moRef('VirtualMachine', text), ['name'], signal)).has('name');
    } catch (error) {
      if (error instanceof OctopusError && error.code === 'source.missing') return false;
      throw error;
    }
  }

  async #refOf(name: string, signal?: AbortSignal): Promise<string> {
    const all = await retrieveAll(this.#session, { VirtualMachine: ['name'] }, signal);
    const named = all.map(({ ref, properties }) => ({ ref, known: displayName(properties.get('name')?.text ?? '') }));
    const found = named.filter(({ known }) => known === name).map(({ ref }) => ref);
    if (found.length === 1) return found[0] as string;
    const message =
      found.length === 0
        ? `There is no machine named '${name}' on ${new URL(this.#session.url).host}.${nearestNames(
            name,
            named.map(({ known }) => known),
          )}`
        : `${found.length} machines are named '${name}': name one by its reference (${found.join(', ')}).`;
    throw new OctopusError('source.missing', message);
  }

  /** Names of folders, hosts and datastores, read again when one of these references is not among them. */
  async #names(refs: (string | undefined)[], signal?: AbortSignal): Promise<Infrastructure> {
    const known = this.#infrastructure;
    if (known !== undefined && refs.every((ref) => ref === undefined || known.has(ref))) return known;
    this.#infrastructure = await Infrastructure.load(this.#session, signal);
    return this.#infrastructure;
  }

  watch(signal: AbortSignal) {
    return watchMachines(this.#session, (refs) => this.#tags(refs, signal), signal);
  }

  async missingPrivileges(machine: MachineRef, signal?: AbortSignal) {
    const state = await machineState(this.#session, machine, signal);
    const datastores = [...new Set(state.disks.map((disk) => disk.datastoreRef))].filter((ref) => ref !== '');
    return missingPrivileges(this.#session, moRef('VirtualMachine', machine), datastores, this.#options.readVia !== 'vddk', signal);
  }

  async unreadable(machine: MachineRef, signal?: AbortSignal) {
    const state = await machineState(this.#session, machine, signal);
    const stays = foreignSnapshots(state).length > 0;
    const refusals: string[] = [];
    for (const disk of state.disks) {
      if (disk.excluded !== undefined) continue;
      // What a run left of a snapshot is removed before the next one.
      const device = stays ? disk : { ...disk, hasParent: false, path: disk.path.replace(/-\d{6}\.vmdk$/, '.vmdk') };
      await this.#urlOf(device, signal).catch((refusal: unknown) => {
        const { code, message } = toOctopusError(refusal);
        if (code !== 'source.unsupported') throw refusal;
        refusals.push(message);
      });
    }
    return refusals;
  }

  prepareTracking(machine: MachineRef, snapshotName: string, signal?: AbortSignal) {
    return prepareTracking(this.#session, machine, snapshotName, this.#patience, signal);
  }

  createSnapshot(machine: MachineRef, name: string, options: { quiesce: boolean }, signal?: AbortSignal) {
    return createSnapshot(this.#session, machine, name, options, this.#patience, signal);
  }

  findSnapshot(machine: MachineRef, name: string, signal?: AbortSignal) {
    return findSnapshot(this.#session, machine, name, signal);
  }

  async listSnapshots(machine: MachineRef, prefix: string, signal?: AbortSignal) {
    const { snapshots } = await machineState(this.#session, machine, signal);
    return snapshots.filter(({ name }) => name.startsWith(prefix)).map(({ ref, name }) => ({ ref, name }));
  }

  removeSnapshot(machine: MachineRef, snapshot: string, signal?: AbortSignal) {
    return removeSnapshot(this.#session, machine, snapshot, this.#patience, signal);
  }

  async changedExtents(
    machine: MachineRef,
    snapshot: MachineSnapshot,
    disk: SnapshotDisk,
    baseline: Parameters<SourceProvider['changedExtents']>[3],
    signal?: AbortSignal,
  ): Promise<ChangedExtents> {
    const label = 'The disk';
    if (disk.doubt !== undefined) return { doubt: disk.doubt };
    if (snapshot.foreignSnapshots > 0) return { doubt: `${label} cannot be trusted: the machine has snapshots that Octopus did not make.` };
    const doubt = baselineDoubt(label, disk, baseline);
    if (doubt !== undefined) return { doubt };
    try {
      const state = await machineState(this.#session, machine, signal);
      const [foreign] = foreignSnapshots(state);
      if (foreign !== undefined) return { doubt: `${label} cannot be trusted: the snapshot '${foreign.name}' was not made by Octopus.` };
      if (state.consolidationNeeded) return { doubt: `${label} cannot be trusted: the machine's disks need consolidation.` };
      const [_this, snapshotRef] = [moRef('VirtualMachine', machine), moRef('VirtualMachineSnapshot', snapshot.ref)];
      return await collectChangedExtents(disk.capacity, async (startOffset) => {
        const query = { _this, snapshot: snapshotRef, deviceKey: disk.key, startOffset, changeId: baseline.changeId };
        const page = await this.#session.call<ChangedPage | null>('QueryChangedDiskAreas', query, { signal });
        return page ?? { startOffset: -1, length: 0 };
      });
    } catch (error) {
      checkCancelled(signal);
      if (!(error instanceof OctopusError) || passesOn.has(error.code)) throw error;
      return { doubt: `The server could not say what changed on the disk ${disk.key}: ${error.message}` };
    }
  }

  async openDescriptor(
    machine: MachineRef,
    snapshot: MachineSnapshot,
    disk: SnapshotDisk,
    options: { refresh: boolean },
    signal?: AbortSignal,
  ) {
    const cookie = await this.#session.cookie(options.refresh, signal);
    const device = (await snapshotDevices(this.#session, snapshot.ref, signal)).find(({ key }) => key === disk.key);
    if (device === undefined) throw new OctopusError('source.missing', `The snapshot ${snapshot.name} has no disk ${disk.key}.`);
    if (device.excluded !== undefined) throw new OctopusError('source.unsupported', `${device.label} cannot be read. ${device.excluded}`);
    const url = await this.#urlOf(device, signal);
    if (url === undefined) return this.#openVddk(machine, snapshot, device, signal);
    const { thumbprint } = this.#session.agent;
    // The calls above may have logged in once more.
    const current = await this.#session.cookie(false, signal);
    const source = {
      kind: 'datastore' as const,
      url,
      cookie: current || cookie,
      thumbprint,
      size: disk.capacity,
      connections: CONNECTIONS,
    };
    return { source, close: async () => {} };
  }

  /** Where `/folder` serves it; undefined where VDDK is to read it. Refuses what neither can. */
  async #urlOf(device: DiskDevice, signal?: AbortSignal): Promise<string | undefined> {
    if (this.#options.readVia === 'vddk') return undefined;
    const infrastructure = await this.#names([device.datastoreRef], signal);
    // ESXi itself has one data centre of this name.
    const datacenter = infrastructure.datacenterPath(device.datastoreRef) ?? 'ha-datacenter';
    try {
      return datastoreUrl(this.#session.url, device, datacenter, infrastructure.datastoreType(device.datastoreRef));
    } catch (refusal) {
      const { code, message, details } = toOctopusError(refusal);
      const missing = await vddkMissing(this.#options.vddk ?? {}, signal);
      if (missing === undefined) return undefined;
      throw new OctopusError(code, `${message} VDDK could read it, but ${missing}`, { details, cause: refusal });
    }
  }

  async #openVddk(machine: MachineRef, snapshot: MachineSnapshot, device: DiskDevice, signal?: AbortSignal) {
    const disk = {
      host: new URL(this.#session.url).hostname,
      username: this.#session.username,
      password: await this.#options.password(),
      sha1Thumbprint: this.#session.agent.certificate?.fingerprint ?? '',
      machine,
      snapshot: snapshot.ref,
      path: device.path,
    };
    return openVddk(disk, this.#options.vddk ?? {}, signal);
  }

  async powerState(machine: MachineRef, signal?: AbortSignal) {
    return (await machineState(this.#session, machine, signal)).powerState;
  }

  powerOn(machine: MachineRef, signal?: AbortSignal) {
    return powerOn(this.#session, machine, signal);
  }

  powerOff(machine: MachineRef, options: { deadlineMs: number }, signal?: AbortSignal) {
    return powerOff(this.#session, machine, options.deadlineMs, signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#session.close();
  }
}

/** A string cut out of an answer keeps the whole answer in memory: a copy does not. JSON is the fastest one, but drops unset fields. */
function detached(machines: MachineInventory[]): MachineInventory[] {
  const copies = JSON.parse(JSON.stringify(machines)) as MachineInventory[];
  return copies.map((machine) => {
    const disks = machine.disks.map((disk) => ({ ...disk, excluded: disk.excluded }));
    return { ...machine, cluster: machine.cluster, disks };
  });
}

/** Not doubts about a baseline: nothing else would work either, or someone wants it to stop. */
const passesOn = new Set([
  'operation.cancelled',
  'source.session',
  'source.unreachable',
  'source.certificate',
  'internal.unexpected',
  'argument.invalid',
]);
