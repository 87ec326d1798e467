import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApi } from '../src-main/api/create-api.ts';
import type { Services } from '../src-main/api/services.ts';
import type { MachineInventory, PowerState } from '../src-main/domain/machine.ts';
import { noCounts } from '../src-main/domain/run.ts';
import { openStore, type Store } from '../src-main/store/store.ts';
import { pointDisk } from '../src-main/store/testing/point-disk.ts';

const COUNT = 10_000;
/** Calls of each kind: enough for a 95th percentile. */
const CALLS = 100;

export interface Listing {
  what: string;
  /** 95th percentile. */
  seconds: number;
}

/** What a person does in a list of 10,000 machines: each as a call of the api, in the process that serves it. */
export async function machineListing(): Promise<Listing[]> {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-bench-listing-'));
  try {
    await using store = await openStore(join(folder, 'octopus.db'));
    await fillWithMachines(store);
    // Of the services a listing needs the store alone.
    const api = createApi({ store } as unknown as Services);
    const caller = { userId: 'u', name: 'bench', role: 'viewer' } as const;
    const context = { caller, address: '127.0.0.1', requestId: 'r', signal: new AbortController().signal };
    const list = async (query: object) => {
      const { body } = await api.call('vms.list', { query }, context);
      return body as { items: { id: string }[]; next?: string };
    };
    const { next } = await list({ sort: '-memory' });
    const kinds: Record<string, (round: number) => object> = {
      'first page': () => ({}),
      'first page by memory': () => ({ sort: '-memory' }),
      'second page by memory': () => ({ sort: '-memory', cursor: next }),
      'filter: power, cluster and folder': (round) => ({ powerState: 'off', cluster: `cluster ${round % 8}`, folder: '/DC/vm' }),
      'filter: protected': () => ({ protection: 'protected', sort: 'folder' }),
      'filter: not protected': () => ({ protection: 'none', sort: '-capacity' }),
      'search: 10 hits': (round) => ({ text: `-${String(round).padStart(3, '0')}` }),
      'search: none': () => ({ text: 'no machine is called so' }),
    };
    const found: Listing[] = [];
    for (const [what, query] of Object.entries(kinds)) {
      await list(query(0)); // Warms up.
      const times: number[] = [];
      for (let round = 0; round < CALLS; round++) {
        const began = performance.now();
        await list(query(round));
        times.push((performance.now() - began) / 1000);
      }
      found.push({ what, seconds: times.sort((a, b) => a - b)[Math.floor(CALLS * 0.95)] as number });
    }
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A source with 10,000 machines, 500 of them with migrations. */
export async function fillWithMachines(store: Store): Promise<void> {
  const at = '2026-01-02T03:04:05.000Z';
  const login = { url: 'https://vc.example/sdk', username: 'u', thumbprint: 'AA' };
  await store.sources.put({ id: 's', kind: 'vsphere', name: 'vc', ...login, instanceUuid: 'i', createdAt: at });
  await store.targets.put({ id: 't', kind: 'local', name: 'folder', location: '/x', settings: {}, createdAt: at });
  const numbers = Array.from({ length: COUNT }, (_, n) => n);
  await store.machines.putAll(numbers.map((n) => ({ id: `m-${n}`, sourceEnvironmentId: 's', inventory: inventoryOf(n), seenAt: at })));
  const settings = { keep: 3, verify: 'written', quiesce: false } as const;
  for (let n = 0; n < 500; n++) {
    const machineId = `m-${n * 17}`;
    await store.jobs.put({
      id: `j-${n}`,
      machineId,
      targetEnvironmentId: 't',
      state: n % 5 ? 'active' : 'cut-over',
      settings,
      createdAt: at,
    });
    if (n % 2 === 0) await protect(store, `j-${n}`, at);
  }
}

async function protect(store: Store, jobId: string, at: string): Promise<void> {
  const id = `p-${jobId}`;
  await store.runs.add({
    id: `r-${jobId}`,
    jobId,
    kind: 'full',
    state: 'succeeded',
    phase: 'prune',
    resumes: 0,
    snapshotRef: undefined,
    snapshotTakenAt: undefined,
    trackingDoubt: undefined,
    notes: [],
    counts: noCounts,
    reconnects: 0,
    recoveryPointId: id,
    error: undefined,
    startedAt: at,
    endedAt: at,
  });
  const point = { id, runId: `r-${jobId}`, kind: 'full', takenAt: at, verified: 'all' } as const;
  await store.recoveryPoints.add(jobId, { ...point, doubts: [], disks: [pointDisk] }, at);
}

export function inventoryOf(n: number): MachineInventory {
  const disk = (key: number) => ({
    key,
    objectId: `${n}-${key}`,
    label: `Hard disk ${key}`,
    capacity: 2 ** 30 * (1 + (n % 200)),
    datastore: `datastore ${n % 12}`,
    path: `[datastore ${n % 12}] machine ${n}/machine ${n}_${key}.vmdk`,
    thin: true,
    excluded: undefined,
  });
  return {
    ref: `vm-${n}`,
    instanceUuid: `5029b2f4-0000-4000-8000-${String(n).padStart(12, '0')}`,
    name: `machine-${String((n * 7919) % COUNT).padStart(5, '0')}`,
    folder: `/DC/vm/department ${n % 30}/team ${n % 7}`,
    host: `esx-${n % 60}.example`,
    cluster: `cluster ${n % 8}`,
    powerState: (['on', 'off', 'suspended'] as const)[n % 3] as PowerState,
    firmware: 'efi',
    secureBoot: false,
    guestId: 'windows2019srv_64Guest',
    guestName: 'Microsoft Windows Server 2019 (64-bit)',
    tools: 'toolsOk',
    cpus: 4,
    memory: 2 ** 30 * (1 + (n % 64)),
    hardwareVersion: 19,
    changeTracking: true,
    template: false,
    tags: ['production', `owner ${n % 50}`],
    disks: [2000, 2001, 2002].map(disk),
    adapters: [{ key: 4000, label: 'Network adapter 1', mac: '00:50:56:00:00:01', network: 'VM Network', model: 'vmxnet3' }],
    snapshotCount: 0,
    consolidationNeeded: false,
  };
}
