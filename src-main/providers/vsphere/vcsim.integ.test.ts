import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildVcsim } from '../../../scripts/vcsim.mjs';
import type { OctopusError } from '../../../workers/octopus-error.ts';
import type { MachineInventory } from '../../domain/machine.ts';
import type { SourceChange, SourceProvider } from '../source.ts';
import { connectVsphere, fetchThumbprint } from './connect-vsphere.ts';
import { PinnedAgent } from './pinned-agent.ts';
import { exchange } from './vim-http.ts';
import { moRef, VimSession } from './vim-session.ts';

let vcsim: ChildProcess;
let url: string;
let thumbprint: string;
let source: SourceProvider;
const password = async () => 'pass';

beforeAll(async () => {
  vcsim = spawn(buildVcsim(), { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: vcsim.stdout as NodeJS.ReadableStream }), 'line')) as [string];
  const printed = new URL(line);
  url = `${printed.origin}/sdk`;
  thumbprint = await fetchThumbprint(url);
  source = await connectVsphere({ url, username: 'user', password, thumbprint });
});

afterAll(async () => {
  await source?.[Symbol.asyncDispose]();
  vcsim?.stdin?.end();
  if (vcsim?.exitCode === null) await once(vcsim, 'exit');
});

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'passed',
    (error: OctopusError) => error.code,
  );

async function anyMachine(): Promise<MachineInventory> {
  return source.machine('DC0_H0_VM0');
}

describe('against vcsim', () => {
  it('tells who answers', async () => {
    const about = await source.about();
    expect(about.name).toMatch(/VMware vCenter Server/);
    expect(about.version).toMatch(/^\d+\.\d+/);
    expect(about.instanceUuid).not.toBe('');
  });

  it('refuses a wrong password in words', async () => {
    const wrong = connectVsphere({ url, username: 'user', password: async () => 'wrong', thumbprint });
    await expect(wrong).rejects.toMatchObject({ code: 'source.denied', message: expect.stringMatching(/user name or the password/) });
  });

  it('sends nothing to a server with another certificate', async () => {
    let asked = false;
    const other = thumbprint.replace(/^../, thumbprint.startsWith('00') ? '11' : '00');
    const ask = async () => {
      asked = true;
      return 'pass';
    };
    await expect(connectVsphere({ url, username: 'user', password: ask, thumbprint: other })).rejects.toMatchObject({
      code: 'source.certificate',
      details: { shown: thumbprint },
    });
    expect(asked).toBe(true); // asked, but refused before a byte was sent
  });

  it('answers unreachable where nothing listens', async () => {
    expect(await codeOf(fetchThumbprint('https://127.0.0.1:1/sdk'))).toBe('source.unreachable');
  });

  it('lists the inventory', async () => {
    const machines = await source.inventory();
    expect(machines.map(({ name }) => name).sort()).toEqual([0, 1, 2].flatMap((n) => [`DC0_C0_RP0_VM${n}`, `DC0_H0_VM${n}`]).sort());
    const machine = machines.find(({ name }) => name === 'DC0_C0_RP0_VM0') as MachineInventory;
    expect(machine).toMatchObject({ folder: '/DC0/vm', cluster: 'DC0_C0', powerState: 'on', template: false, snapshotCount: 0, tags: [] });
    expect(machine.host).toMatch(/^DC0_C0_H\d$/);
    expect(machine.disks).toHaveLength(1);
    expect(machine.disks[0]).toMatchObject({ datastore: 'LocalDS_0', excluded: undefined });
    expect(machine.disks[0]?.capacity).toBeGreaterThan(0);
    expect(machine.adapters[0]).toMatchObject({ mac: expect.stringMatching(/^([0-9a-f]{2}:){5}/), model: 'VirtualE1000' });
    expect(machine.adapters[0]?.network).not.toBe('');
    expect(machines.find(({ name }) => name === 'DC0_H0_VM0')?.cluster).toBeUndefined();
  });

  it('finds a machine by name and by reference', async () => {
    const machine = await anyMachine();
    expect((await source.machine(machine.ref)).name).toBe('DC0_H0_VM0');
    expect(await codeOf(source.machine('nobody'))).toBe('source.missing');
    expect(await codeOf(source.machine('vm-99999'))).toBe('source.missing');
  });

  it('knows which privileges are missing', async () => {
    expect(await source.missingPrivileges((await anyMachine()).ref)).toEqual([]);
  });

  it('takes, finds and removes a snapshot', async () => {
    const { ref } = await anyMachine();
    const made = await source.createSnapshot(ref, 'octopus-run-1', { quiesce: true });
    expect(made).toMatchObject({ name: 'octopus-run-1', foreignSnapshots: 0 });
    expect(made.disks).toHaveLength(1);
    // vcsim has no change tracking: the disk says so instead of having a change id.
    expect(made.disks[0]).toMatchObject({ changeId: undefined, doubt: expect.stringMatching(/not tracked/) });
    expect((await source.createSnapshot(ref, 'octopus-run-1', { quiesce: true })).ref).toBe(made.ref);
    expect((await source.findSnapshot(ref, 'octopus-run-1'))?.ref).toBe(made.ref);
    expect(await source.findSnapshot(ref, 'octopus-run')).toBeUndefined();
    expect(await source.listSnapshots(ref, 'octopus-')).toEqual([{ ref: made.ref, name: 'octopus-run-1' }]);
    await source.removeSnapshot(ref, made.ref);
    await source.removeSnapshot(ref, made.ref);
    expect(await source.listSnapshots(ref, '')).toEqual([]);
  });

  it('switches power, each call repeatable', async () => {
    const { ref } = await source.machine('DC0_H0_VM1');
    expect(await source.powerOff(ref, { deadlineMs: 0 })).toBe('hard');
    expect(await source.powerOff(ref, { deadlineMs: 0 })).toBe('already-off');
    expect(await source.powerState(ref)).toBe('off');
    await source.powerOn(ref);
    await source.powerOn(ref);
    expect(await source.powerState(ref)).toBe('on');
  });

  it('tells changes as they happen, beginning with the present state', async () => {
    const { ref } = await source.machine('DC0_H0_VM2');
    const stop = new AbortController();
    const updates = source.watch(stop.signal)[Symbol.asyncIterator]();
    const first = (await updates.next()).value as SourceChange[];
    expect(first).toHaveLength(6);
    expect(new Set(first.map(({ kind }) => kind))).toEqual(new Set(['added']));
    const next = updates.next();
    await source.powerOff(ref, { deadlineMs: 0 });
    const change = ((await next).value as SourceChange[]).find(({ machine }) => machine === ref);
    expect(change).toMatchObject({ kind: 'changed', inventory: { powerState: 'off', name: 'DC0_H0_VM2' } });
    const last = updates.next();
    stop.abort();
    expect((await last).done).toBe(true);
  });

  it('reads a file of the datastore over /folder with the session cookie', async () => {
    const { ref, disks } = await anyMachine();
    const snapshot = await source.createSnapshot(ref, 'octopus-run-2', { quiesce: false });
    const opened = await source.openDescriptor(ref, snapshot, snapshot.disks[0] as never, { refresh: false });
    await source.removeSnapshot(ref, snapshot.ref);
    expect(opened.source).toMatchObject({ kind: 'datastore', thumbprint, size: disks[0]?.capacity });
    if (opened.source.kind !== 'datastore') return;
    expect(opened.source.url).toBe(`${new URL(url).origin}/folder/DC0_H0_VM0/disk1-flat.vmdk?dcPath=DC0&dsName=LocalDS_0`);
    expect(opened.source.cookie).toMatch(/^vmware_soap_session=/);
    const agent = new PinnedAgent(thumbprint);
    const flat = opened.source.url;
    const ask = (method: string, cookie: string, body?: string) =>
      exchange(flat, {
        method,
        headers: { Cookie: cookie, ...(method === 'GET' ? { Range: 'bytes=4-7' } : {}) },
        ...(body === undefined ? {} : { body }),
        signal: undefined,
        idleMs: 60_000,
        agent,
      });
    // vcsim's disks are empty files: put something into this one first.
    expect((await ask('PUT', opened.source.cookie, '0123456789')).status).toBe(200);
    expect(await ask('GET', opened.source.cookie)).toEqual({ status: 206, body: '4567' });
    agent.destroy();
  });

  it('logs in again without a word when the session has ended', async () => {
    await using session = await VimSession.open({ url, username: 'user', password, thumbprint });
    const before = session.generation;
    await session.call('Logout', { _this: session.content.sessionManager });
    const view = await session.call<{ $value: string }>('CreateContainerView', {
      _this: session.content.viewManager,
      container: session.content.rootFolder,
      type: ['VirtualMachine'],
      recursive: true,
    });
    expect(view.$value).toMatch(/ContainerView|session/i);
    expect(session.generation).toBe(before + 1);
    expect(await session.cookie(true)).toBe(await session.cookie(false)); // just logged in
    expect(await codeOf(session.call('PowerOnVM_Task', { _this: moRef('VirtualMachine', 'vm-0') }))).toBe('source.missing');
  });

  it('stops at once when it is cancelled', async () => {
    const { ref } = await anyMachine();
    expect(await codeOf(source.powerState(ref, AbortSignal.abort()))).toBe('operation.cancelled');
    expect(await codeOf(source.inventory(AbortSignal.timeout(1)))).toBe('operation.cancelled');
  });
});
