import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { startLabVcenter } from '../../../lab/vcenter/lab-vcenter.ts';
import { buildVcsim } from '../../../scripts/vcsim.mjs';
import { sourceConformance } from '../conformance/source-conformance.ts';
import type { SourceTrial } from '../conformance/source-trial.ts';
import type { SourceProvider } from '../source.ts';
import { connectVsphere, fetchThumbprint, type VsphereOptions } from './connect-vsphere.ts';

const MiB = 2 ** 20;

async function connections(options: VsphereOptions) {
  const open: SourceProvider[] = [];
  const another = async () => {
    const source = await connectVsphere(options);
    open.push(source);
    return source;
  };
  const close = () => Promise.all(open.map((source) => source[Symbol.asyncDispose]()));
  return { source: await another(), another, close };
}

async function lab(): Promise<SourceTrial> {
  const one = (name: string, folder = '') => ({
    name,
    folder,
    disks: [
      { size: 8 * MiB, fill: 3 },
      { size: 4 * MiB + 512, fill: 4 },
    ],
  });
  const vcenter = await startLabVcenter({
    seed: 7,
    taskMs: 5,
    consolidationMs: 10,
    guestShutdownMs: 10,
    machines: [one('web'), one('db'), one('mail', 'North'), one('mail', 'South')],
  });
  const { url, username, thumbprint, world } = vcenter;
  const { source, another, close } = await connections({ url, username, password: async () => vcenter.password, thumbprint });
  const machine = world.machineByName('web')!;
  const diskOf = (key: number) => machine.disks.find((disk) => disk.key === key)!;
  return {
    source,
    can: { freezes: true, tracks: true, power: true, content: true },
    machine: 'web',
    other: 'db',
    twins: 'mail',
    content: async (key) => diskOf(key).read(0, diskOf(key).capacity),
    write: async (key, offset, bytes) => diskOf(key).write(offset, bytes),
    foreign: async (name) => {
      await machine.createSnapshot(name).done;
    },
    another,
    async [Symbol.asyncDispose]() {
      await close();
      await vcenter[Symbol.asyncDispose]();
    },
  };
}

/** VMware's own simulator has neither change tracking nor content. */
async function vcsim(): Promise<SourceTrial> {
  const child: ChildProcess = spawn(buildVcsim(), { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')) as [string];
  const url = `${new URL(line).origin}/sdk`;
  const options = { url, username: 'user', password: async () => 'pass', thumbprint: await fetchThumbprint(url) };
  const { source, another, close } = await connections(options);
  return {
    source,
    can: { freezes: true, tracks: false, power: true, content: false },
    machine: 'DC0_H0_VM0',
    other: 'DC0_H0_VM1',
    content: async () => Buffer.alloc(0),
    write: async () => {},
    another,
    async [Symbol.asyncDispose]() {
      await close();
      child.stdin?.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

sourceConformance('vSphere, against the lab', lab);
sourceConformance('vSphere, against vcsim', vcsim);
