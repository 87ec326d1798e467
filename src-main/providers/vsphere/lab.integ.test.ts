import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { type LabVcenter, type LabVcenterOptions, startLabVcenter } from '../../../lab/vcenter/lab-vcenter.ts';
import type { OctopusError } from '../../../workers/octopus-error.ts';
import type { Extent } from '../../../workers/protocol.ts';
import type { ChangeId } from '../../domain/machine.ts';
import type { MachineSnapshot, SnapshotDisk, SourceChange, SourceProvider } from '../source.ts';
import { connectVsphere, type VsphereOptions } from './connect-vsphere.ts';
import { PinnedAgent } from './pinned-agent.ts';
import { exchange } from './vim-http.ts';

const MiB = 1024 * 1024;
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function start(options: LabVcenterOptions, more: Partial<VsphereOptions> = {}): Promise<{ lab: LabVcenter; source: SourceProvider }> {
  const lab = await startLabVcenter({ seed: 7, taskMs: 10, ...options });
  open.push(lab);
  const { url, username, thumbprint } = lab;
  const source = await connectVsphere({ url, username, password: async () => lab.password, thumbprint, ...more });
  open.push(source);
  return { lab, source };
}

const webMachine = {
  name: 'web',
  disks: [
    { size: 8 * MiB, fill: 3 },
    { size: 4 * MiB, fill: 4 },
  ],
};
const oneDisk = { name: 'web', disks: [{ size: 8 * MiB, fill: 3 }] };

const machineOf = (lab: LabVcenter, name = 'web') => {
  const machine = lab.world.machineByName(name);
  if (machine === undefined) throw new Error(`no machine ${name}`);
  return machine;
};
const baselineOf = (disk: SnapshotDisk) => ({ changeId: disk.changeId as ChangeId, capacity: disk.capacity });
const firstDisk = (snapshot: MachineSnapshot) => snapshot.disks[0] as SnapshotDisk;
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'passed',
    (error: OctopusError) => error.code,
  );
const covers = (extents: Extent[] | undefined, offset: number, length: number) =>
  extents?.some((extent) => extent.offset <= offset && extent.offset + extent.length >= offset + length) ?? false;

/** Prepares tracking and answers the first baseline: a snapshot taken and removed. */
async function baseline(lab: LabVcenter, source: SourceProvider): Promise<SnapshotDisk> {
  const { ref } = machineOf(lab);
  expect(await source.prepareTracking(ref, 'octopus-prepare')).toEqual({ tracked: true });
  const first = await source.createSnapshot(ref, 'octopus-1', { quiesce: false });
  await source.removeSnapshot(ref, first.ref);
  return firstDisk(first);
}

describe('the inventory of the lab', () => {
  it('tells machines in full', async () => {
    const spec = {
      ...webMachine,
      firmware: 'efi' as const,
      secureBoot: true,
      folder: 'Production/Web',
      tags: ['gold'],
      cpus: 2,
      memory: 512 * MiB,
    };
    const { lab, source } = await start({
      machines: [spec, { name: 'cluster%2fnode', disks: [{ size: MiB, mode: 'independent_persistent' }], poweredOn: false }],
    });
    const machines = await source.inventory();
    const web = machines.find(({ name }) => name === 'web');
    expect(web).toMatchObject({
      ref: machineOf(lab).ref,
      firmware: 'efi',
      secureBoot: true,
      powerState: 'on',
      cpus: 2,
      memory: 512 * MiB,
      tags: ['gold'],
    });
    expect(web?.folder).toMatch(/\/vm\/Production\/Web$/);
    expect(web).toMatchObject({ tools: 'toolsOk', changeTracking: false, snapshotCount: 0, instanceUuid: machineOf(lab).instanceUuid });
    expect(web?.disks.map(({ key, capacity, excluded }) => ({ key, capacity, excluded }))).toEqual([
      { key: 2000, capacity: 8 * MiB, excluded: undefined },
      { key: 2001, capacity: 4 * MiB, excluded: undefined },
    ]);
    const other = await source.machine('cluster%2fnode');
    expect(other).toMatchObject({ powerState: 'off', firmware: 'bios' });
    expect(other.disks[0]?.excluded).toMatch(/independent/);
  });

  it('tells which snapshots a machine has, and since when', async () => {
    const { lab, source } = await start({ machines: [oneDisk] });
    const { ref } = machineOf(lab);
    expect((await source.machine(ref)).snapshots).toBeUndefined();
    await source.createSnapshot(ref, 'octopus-1', { quiesce: false });
    const { snapshots, snapshotCount } = await source.machine(ref);
    expect([snapshotCount, snapshots]).toEqual([1, [{ name: 'octopus-1', takenAt: expect.stringMatching(/^\d{4}-.*Z$/) }]]);
    expect(await source.listSnapshots(ref, 'octopus-')).toEqual([{ ref: expect.any(String), name: 'octopus-1' }]);
  });

  it('lists 5,000 machines', async () => {
    // In a process of its own, as a real server is.
    const program = `import { startLabVcenter } from ${JSON.stringify(new URL('../../../lab/vcenter/lab-vcenter.ts', import.meta.url).href)};
      const { url, username, password, thumbprint } = await startLabVcenter({ seed: 5, generate: 5000 });
      console.log(JSON.stringify({ url, username, password, thumbprint }));
      process.stdin.on('end', () => process.exit()).resume();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
      const info = JSON.parse(line) as Record<'url' | 'username' | 'password' | 'thumbprint', string>;
      await using source = await connectVsphere({ ...info, password: async () => info.password });
      const machines = await source.inventory();
      expect(machines).toHaveLength(5000);
      expect(new Set(machines.map(({ ref }) => ref)).size).toBe(5000);
      expect(machines.every(({ host, folder, disks }) => host !== '' && folder.includes('/vm') && disks.length > 0)).toBe(true);
    } finally {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    }
  });

  it('follows changes, also over the end of a session', async () => {
    const { lab, source } = await start({ machines: [oneDisk] });
    const { ref } = machineOf(lab);
    const stop = new AbortController();
    const watch = source.watch(stop.signal)[Symbol.asyncIterator]();
    expect((await watch.next()).value).toMatchObject([{ kind: 'added', machine: ref }]);
    let next = watch.next();
    await source.powerOff(ref, { deadlineMs: 0 });
    expect((await next).value).toMatchObject([{ kind: 'changed', machine: ref, inventory: { powerState: 'off' } }]);
    next = watch.next();
    lab.endSessions();
    const added = lab.world.addMachine({ name: 'new', disks: [{ size: MiB }] });
    const kinds: SourceChange[] = [...((await next).value as SourceChange[])];
    while (!kinds.some(({ machine }) => machine === added.ref)) kinds.push(...((await watch.next()).value as SourceChange[]));
    expect(kinds.filter(({ machine }) => machine === ref).every(({ kind }) => kind === 'changed')).toBe(true);
    next = watch.next();
    stop.abort();
    for (let last = await next; !last.done; last = await watch.next());
  });
});

describe('tracked changes', () => {
  it('are exactly those between the baseline and the snapshot, over many pages', async () => {
    const { lab, source } = await start({ machines: [{ ...oneDisk }], pageSize: 2, pageWindow: MiB });
    const { ref, disks } = machineOf(lab);
    const before = await baseline(lab, source);
    const writes = [0, 3 * MiB + 4096, 5 * MiB, 8 * MiB - 512];
    for (const offset of writes) disks[0]?.write(offset, Buffer.alloc(512, 0xab));
    const snapshot = await source.createSnapshot(ref, 'octopus-2', { quiesce: true });
    disks[0]?.write(2 * MiB, Buffer.alloc(512, 0xcd)); // after the snapshot: not part of it
    const answer = await source.changedExtents(ref, snapshot, firstDisk(snapshot), baselineOf(before));
    expect(answer.doubt).toBeUndefined();
    for (const offset of writes) expect(covers(answer.extents, offset, 512)).toBe(true);
    expect(covers(answer.extents, 2 * MiB, 512)).toBe(false);
    expect((answer.extents ?? []).reduce((sum, { length }) => sum + length, 0)).toBeLessThan(2 * MiB);
    await source.removeSnapshot(ref, snapshot.ref);
    expect(machineOf(lab)).toMatchObject({ consolidationNeeded: false });
    expect(await source.listSnapshots(ref, '')).toEqual([]);
  });

  it('are prepared once', async () => {
    const { lab, source } = await start({ machines: [webMachine] });
    const { ref } = machineOf(lab);
    await baseline(lab, source);
    const tasks = lab.world.tasks.size;
    expect(await source.prepareTracking(ref, 'octopus-prepare')).toEqual({ tracked: true });
    expect(lab.world.tasks.size).toBe(tasks);
  });

  it('are not prepared on a machine with foreign snapshots, which stay', async () => {
    const { lab, source } = await start({ machines: [{ ...oneDisk, foreignSnapshots: ['before update'] }] });
    const { ref } = machineOf(lab);
    expect(await source.prepareTracking(ref, 'octopus-prepare')).toMatchObject({
      tracked: false,
      doubt: expect.stringMatching(/before update/),
    });
    expect(lab.world.tasks.size).toBe(0);
    const snapshot = await source.createSnapshot(ref, 'octopus-1', { quiesce: false });
    expect(snapshot).toMatchObject({ foreignSnapshots: 1, disks: [{ changeId: undefined, doubt: expect.any(String) }] });
    expect(await codeOf(source.openDescriptor(ref, snapshot, firstDisk(snapshot), { refresh: false }))).toBe('source.unsupported');
    await source.removeSnapshot(ref, snapshot.ref);
    expect((await source.listSnapshots(ref, '')).map(({ name }) => name)).toEqual(['before update']);
  });

  it('are doubted after a power loss, a resize, a foreign snapshot and tracking that was switched off', async () => {
    const { lab, source } = await start({ machines: [oneDisk], foreignChangeId: 'silent' });
    const { ref } = machineOf(lab);
    const doubtAfter = async (before: SnapshotDisk, name: string) => {
      const snapshot = await source.createSnapshot(ref, name, { quiesce: false });
      const answer = await source.changedExtents(ref, snapshot, firstDisk(snapshot), baselineOf(before));
      await source.removeSnapshot(ref, snapshot.ref);
      return answer.doubt;
    };
    let before = await baseline(lab, source);
    machineOf(lab).losePower();
    await source.powerOn(ref);
    expect(await doubtAfter(before, 'octopus-2')).toMatch(/was reset/);

    before = await baseline(lab, source);
    machineOf(lab).disks[0]?.resize(16 * MiB);
    expect(await doubtAfter(before, 'octopus-3')).toMatch(/resized from 8388608 to 16777216/);

    before = await baseline(lab, source);
    const foreign = await machineOf(lab).createSnapshot('by hand').done;
    expect(await doubtAfter(before, 'octopus-4')).toMatch(/'by hand'/);
    await machineOf(lab).removeSnapshot(foreign as string).done;
    await expect.poll(() => machineOf(lab).consolidationNeeded).toBe(false);

    before = await baseline(lab, source);
    await machineOf(lab).setChangeTracking(false).done;
    expect(await doubtAfter(before, 'octopus-5')).toMatch(/switched off/);
  });

  it('turn a fault of the server into a doubt', async () => {
    const { lab, source } = await start({
      machines: [oneDisk],
      foreignChangeId: 'fault',
      deniedPrivileges: ['VirtualMachine.Provisioning.DiskRandomRead'],
    });
    const { ref } = machineOf(lab);
    const before = await baseline(lab, source);
    const snapshot = await source.createSnapshot(ref, 'octopus-2', { quiesce: false });
    const answer = await source.changedExtents(ref, snapshot, firstDisk(snapshot), baselineOf(before));
    expect(answer).toEqual({ doubt: expect.stringMatching(/could not say what changed.*DiskRandomRead/) });
    await source.removeSnapshot(ref, snapshot.ref);
  });
});

describe('snapshots in trouble', () => {
  it('that time out and land later are found, not taken twice', async () => {
    const rules = [{ operation: 'task:CreateSnapshot_Task', action: { kind: 'landsLater' as const, ms: 400 }, nth: 1 }];
    const { lab, source } = await start({ machines: [oneDisk], faults: { rules } });
    const { ref } = machineOf(lab);
    const snapshot = await source.createSnapshot(ref, 'octopus-late', { quiesce: false });
    expect(machineOf(lab).snapshots.size).toBe(1);
    expect(machineOf(lab).snapshots.has(snapshot.ref)).toBe(true);
    await source.removeSnapshot(ref, snapshot.ref);
  });

  it('whose answer was lost are found, or taken again where they never began', async () => {
    for (const when of ['before', 'during'] as const) {
      const rules = [{ operation: 'soap:CreateSnapshot_Task', action: { kind: 'reset' as const, when }, nth: 1 }];
      const { lab, source } = await start({ machines: [oneDisk], faults: { rules } }, { patience: { lostMs: 1500 } });
      const snapshot = await source.createSnapshot(machineOf(lab).ref, 'octopus-1', { quiesce: false });
      expect([...machineOf(lab).snapshots.keys()]).toEqual([snapshot.ref]);
    }
  });

  it('are taken once when two ask for the same name', async () => {
    const { lab, source } = await start({ machines: [oneDisk] });
    const { ref } = machineOf(lab);
    const [one, two] = await Promise.all([1, 2].map(() => source.createSnapshot(ref, 'octopus-1', { quiesce: false })));
    expect(one?.ref).toBe(two?.ref);
    expect(machineOf(lab).snapshots.size).toBe(1);
  });

  it('wait for a consolidation, and ask for one that nobody does', async () => {
    const rules = [{ operation: 'task:RemoveSnapshot_Task', action: { kind: 'consolidationFails' as const }, nth: 1 }];
    const { lab, source } = await start(
      { machines: [oneDisk], faults: { rules }, consolidationMs: 300 },
      { patience: { consolidateAfterMs: 200 } },
    );
    const { ref } = machineOf(lab);
    const first = await source.createSnapshot(ref, 'octopus-1', { quiesce: false });
    await source.removeSnapshot(ref, first.ref);
    expect(machineOf(lab).consolidationNeeded).toBe(false);
    const removal = await source.createSnapshot(ref, 'octopus-2', { quiesce: false });
    const removed = machineOf(lab).removeSnapshot(removal.ref).done;
    await removed;
    const next = await source.createSnapshot(ref, 'octopus-3', { quiesce: false });
    expect([...lab.world.tasks.values()].filter(({ name, error }) => name.startsWith('CreateSnapshot') && error !== undefined)).toEqual([]);
    await source.removeSnapshot(ref, next.ref);
  });

  it('are taken without quiescing where the guest cannot', async () => {
    const { lab, source } = await start({ machines: [{ ...oneDisk, quiesceFails: true }] });
    const snapshot = await source.createSnapshot(machineOf(lab).ref, 'octopus-1', { quiesce: true });
    expect(machineOf(lab).snapshots.get(snapshot.ref)?.quiesced).toBe(false);
  });

  it('stop being waited for when the run is cancelled', async () => {
    const { lab, source } = await start({ machines: [oneDisk], taskMs: 3_600_000 });
    expect(await codeOf(source.createSnapshot(machineOf(lab).ref, 'octopus-1', { quiesce: false }, AbortSignal.timeout(200)))).toBe(
      'operation.cancelled',
    );
  });

  it('leave the reason when a privilege is missing', async () => {
    const { lab, source } = await start({ machines: [oneDisk], deniedPrivileges: ['VirtualMachine.State.CreateSnapshot'] });
    const { ref } = machineOf(lab);
    expect(await source.missingPrivileges(ref)).toEqual([{ privilege: 'VirtualMachine.State.CreateSnapshot', on: 'web' }]);
    await expect(source.createSnapshot(ref, 'octopus-1', { quiesce: false })).rejects.toMatchObject({
      code: 'source.denied',
      message: expect.stringMatching(/VirtualMachine\.State\.CreateSnapshot/),
    });
  });
});

describe('sessions', () => {
  it('that end are opened again without a word, at any call', async () => {
    const { lab, source } = await start({ machines: [oneDisk] });
    const { ref } = machineOf(lab);
    lab.endSessions();
    expect(await source.inventory()).toHaveLength(1);
    lab.endSessions();
    const [one, two] = await Promise.all([source.machine('web'), source.powerState(ref)]);
    expect([one.ref, two]).toEqual([ref, 'on']);
    lab.endSessions();
    const snapshot = await source.createSnapshot(ref, 'octopus-1', { quiesce: false });
    lab.endSessions();
    await source.removeSnapshot(ref, snapshot.ref);
  });

  it('are kept alive', async () => {
    const { lab, source } = await start({ machines: [oneDisk], sessionTtlMs: 3000 }, { keepAliveMs: 100 });
    const { ref } = machineOf(lab);
    const snapshot = await source.createSnapshot(ref, 'octopus-1', { quiesce: false });
    const opened = await source.openDescriptor(ref, snapshot, firstDisk(snapshot), { refresh: false });
    await new Promise((resolve) => setTimeout(resolve, 4500));
    const again = await source.openDescriptor(ref, snapshot, firstDisk(snapshot), { refresh: false });
    expect(again.source).toEqual(opened.source); // the same cookie
  });

  it('do not survive a password that was changed, and do not lock the account', async () => {
    let asked = 0;
    const { lab, source } = await start({ machines: [oneDisk] });
    const second = await connectVsphere({
      url: lab.url,
      username: lab.username,
      thumbprint: lab.thumbprint,
      password: async () => (asked++ === 0 ? lab.password : 'changed'),
    });
    open.push(second);
    lab.endSessions();
    const { ref } = machineOf(lab);
    for (let n = 0; n < 5; n++) expect(await codeOf(second.powerState(ref))).toBe('source.denied');
    expect(asked).toBe(2);
    expect(await source.powerState(ref)).toBe('on');
  });

  it('get a whole life through, faults and all', async () => {
    const { lab, source } = await start({ machines: [oneDisk], faults: 11 }, { patience: { lostMs: 200 } });
    const { ref } = machineOf(lab);
    let before = await baseline(lab, source);
    for (let run = 0; run < 4; run++) {
      machineOf(lab).disks[0]?.write(run * MiB, Buffer.alloc(4096, run + 1));
      const name = `octopus-run-${run}`;
      const snapshot = await source.createSnapshot(ref, name, { quiesce: true });
      const answer = await source.changedExtents(ref, snapshot, firstDisk(snapshot), baselineOf(before));
      expect(answer.doubt).toBeUndefined();
      expect(covers(answer.extents, run * MiB, 4096)).toBe(true);
      before = firstDisk(snapshot);
      for (const { ref: old } of await source.listSnapshots(ref, 'octopus-')) await source.removeSnapshot(ref, old);
    }
    expect(await source.powerOff(ref, { deadlineMs: 300_000 })).toBe('guest');
    await source.powerOn(ref);
    expect(lab.world.faults.injected.length).toBeGreaterThan(0);
  });
});

describe('reading and power', () => {
  it('the frozen base of a running machine over /folder', async () => {
    const { lab, source } = await start({ machines: [{ ...oneDisk, name: 'web #1 & 100%', networks: [] }] });
    const machine = machineOf(lab, 'web #1 & 100%');
    const snapshot = await source.createSnapshot(machine.ref, 'octopus-1', { quiesce: false });
    machine.disks[0]?.write(0, Buffer.alloc(512, 0xee));
    const opened = await source.openDescriptor(machine.ref, snapshot, firstDisk(snapshot), { refresh: false });
    if (opened.source.kind !== 'datastore') throw new Error('not over the datastore');
    const agent = new PinnedAgent(opened.source.thumbprint);
    const head = (cookie: string) =>
      exchange(opened.source.kind === 'datastore' ? opened.source.url : '', {
        method: 'HEAD',
        headers: { Cookie: cookie },
        signal: undefined,
        idleMs: 60_000,
        agent,
      });
    expect((await head(opened.source.cookie)).status).toBe(200);
    lab.endSessions();
    expect((await head(opened.source.cookie)).status).toBe(401);
    const [fresh, same] = await Promise.all(
      [1, 2].map(() => source.openDescriptor(machine.ref, snapshot, firstDisk(snapshot), { refresh: true })),
    );
    expect(fresh?.source).toEqual(same?.source);
    expect((await head((fresh as { source: { cookie: string } }).source.cookie)).status).toBe(200);
    agent.destroy();
    await opened.close();
  });

  it('goes down by the guest, or hard after the deadline', async () => {
    const machines = [
      oneDisk,
      { ...oneDisk, name: 'stubborn', guestShutdown: 'ignores' as const },
      { ...oneDisk, name: 'bare', tools: 'notInstalled' as const },
    ];
    const { lab, source } = await start({ machines });
    expect(await source.powerOff(machineOf(lab).ref, { deadlineMs: 300_000 })).toBe('guest');
    expect(await source.powerOff(machineOf(lab).ref, { deadlineMs: 300_000 })).toBe('already-off');
    expect(await source.powerOff(machineOf(lab, 'stubborn').ref, { deadlineMs: 300 })).toBe('hard');
    expect(await source.powerOff(machineOf(lab, 'bare').ref, { deadlineMs: 60_000 })).toBe('hard');
    await source.powerOn(machineOf(lab).ref);
    expect(await source.powerState(machineOf(lab).ref)).toBe('on');
  });
});
