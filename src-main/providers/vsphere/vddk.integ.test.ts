import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startLabVcenter } from '../../../lab/vcenter/lab-vcenter.ts';
import { connectVsphere } from './connect-vsphere.ts';
import { openVddk, vddkMissing } from './vddk.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-vddk-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const disk = {
  host: 'vc.example',
  username: 'someone',
  password: 'not in the arguments',
  sha1Thumbprint: 'AA:BB',
  machine: 'vm-57',
  snapshot: 'snapshot-12',
  path: '[ds] web 1/web 1.vmdk',
};

/** VDDK cannot be had here: a program in nbdkit's place notes what it was given and serves memory with the real nbdkit. */
async function standIn(end: string): Promise<string> {
  const program = join(folder, `nbdkit-${Math.random().toString(36).slice(2)}`);
  const script = `#!/bin/sh
case "$*" in *--dump-plugin*) exit 0;; esac
printf '%s\\n' "$@" > '${folder}/argv'
cat <&3 > '${folder}/password'
${end}
`;
  await writeFile(program, script);
  await chmod(program, 0o755);
  return program;
}

describe('nbdkit vddk', () => {
  it('is a clear message where the plugin is not installed', async () => {
    await expect(openVddk(disk, {})).rejects.toMatchObject({
      code: 'source.unsupported',
      message: expect.stringMatching(/no vddk plugin.*VDDK/),
    });
    await expect(openVddk(disk, { nbdkit: join(folder, 'nothing') })).rejects.toMatchObject({
      code: 'source.unsupported',
      message: expect.stringMatching(/not installed/),
    });
  });

  it('is not waited for without end where nbdkit does not tell of its plugin, and not after a cancel', async () => {
    const hangs = join(folder, 'nbdkit-hangs');
    await writeFile(hangs, `#!/bin/sh\necho $$ > '${folder}/pid'\nexec sleep 600\n`);
    await chmod(hangs, 0o755);
    const pid = async () => Number(await readFile(join(folder, 'pid'), 'utf8'));
    const gone = async () => {
      const child = await pid();
      await vi.waitFor(() => expect(() => process.kill(child, 0)).toThrow(/ESRCH/));
    };
    expect(await vddkMissing({ nbdkit: hangs }, undefined, 500)).toMatch(/did not tell of its vddk plugin within 0.5 s/);
    await gone();
    await rm(join(folder, 'pid'));
    const cancel = new AbortController();
    const asked = vddkMissing({ nbdkit: hangs }, cancel.signal);
    await vi.waitFor(async () => expect(await pid()).toBeGreaterThan(0), 10_000);
    cancel.abort();
    await expect(asked).rejects.toMatchObject({ code: 'operation.cancelled' });
    await gone();
  });

  it('serves on a socket of its own, and the password is never an argument', async () => {
    const program = await standIn('exec nbdkit --foreground --exit-with-parent --readonly --unix "$5" memory 1M');
    const opened = await openVddk(disk, { nbdkit: program, libraryFolder: '/opt/vddk' });
    if (opened.source.kind !== 'nbd' || !('socketPath' in opened.source.endpoint)) throw new Error('not a socket');
    const { socketPath } = opened.source.endpoint;
    const socket = net.connect(socketPath);
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(greeting.toString('latin1', 0, 16)).toBe('NBDMAGICIHAVEOPT');
    const argv = (await readFile(join(folder, 'argv'), 'utf8')).trim().split('\n');
    expect(argv).toEqual([
      ...[
        '--foreground',
        '--exit-with-parent',
        '--readonly',
        '--unix',
        socketPath,
        'vddk',
        'libdir=/opt/vddk',
        'server=vc.example',
        'user=someone',
      ],
      ...['thumbprint=AA:BB', 'password=-3', 'vm=moref=vm-57', 'snapshot=snapshot-12', 'file=[ds] web 1/web 1.vmdk'],
    ]);
    expect(await readFile(join(folder, 'password'), 'utf8')).toBe('not in the arguments\n');
    await opened.close();
    await opened.close();
    const gone = net.connect(socketPath);
    expect(((await once(gone, 'error').catch((error) => [error])) as [NodeJS.ErrnoException])[0].code).toBe('ENOENT');
  });

  it('says why it ended', async () => {
    const program = await standIn('echo "nbdkit: error: VixDiskLib_ConnectEx: Cannot connect to host" >&2; exit 1');
    await expect(openVddk(disk, { nbdkit: program })).rejects.toMatchObject({
      code: 'source.read',
      message: expect.stringMatching(/Cannot connect to host/),
    });
  });

  it('stops waiting when it is cancelled', async () => {
    const program = await standIn('exec sleep 60');
    await expect(openVddk(disk, { nbdkit: program }, AbortSignal.timeout(400))).rejects.toMatchObject({ code: 'operation.cancelled' });
  });
});

describe('a disk that the datastore cannot serve', () => {
  it('is told of before a run, and read with VDDK where that is installed', async () => {
    await using lab = await startLabVcenter({
      seed: 7,
      taskMs: 10,
      machines: [{ name: 'web', disks: [{ size: 2 ** 20 }], foreignSnapshots: ['before update'] }],
    });
    const { ref } = lab.world.machineByName('web')!;
    const connect = (nbdkit: string) => {
      const { url, username, thumbprint } = lab;
      return connectVsphere({ url, username, password: async () => lab.password, thumbprint, vddk: { nbdkit } });
    };
    await using source = await connect(join(folder, 'nothing'));
    const sentence = /^Hard disk 1 cannot be read over the datastore: older snapshots .* VDDK could read it, but nbdkit is not installed/;
    expect(await source.unreadable(ref)).toEqual([expect.stringMatching(sentence)]);
    const snapshot = await source.createSnapshot(ref, 'octopus-1', { quiesce: false });
    const [disk] = snapshot.disks;
    await expect(source.openDescriptor(ref, snapshot, disk!, { refresh: false })).rejects.toMatchObject({
      code: 'source.unsupported',
      message: expect.stringMatching(sentence),
    });
    await using other = await connect(await standIn('exec nbdkit --foreground --exit-with-parent --readonly --unix "$5" memory 1M'));
    expect(await other.unreadable(ref)).toEqual([]);
    const opened = await other.openDescriptor(ref, snapshot, disk!, { refresh: false });
    expect(opened.source).toMatchObject({ kind: 'nbd' });
    await opened.close();
    // What Octopus left of a snapshot itself goes before the next run.
    const [foreign] = (await source.listSnapshots(ref, '')).filter(({ name }) => name === 'before update');
    await lab.world.machineByName('web')!.removeSnapshot(foreign!.ref).done;
    expect((await source.listSnapshots(ref, '')).map(({ name }) => name)).toEqual(['octopus-1']);
    expect(await source.unreadable(ref)).toEqual([]);
  });
});
