import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startLabVcenter } from './lab-vcenter.ts';

const MiB = 2 ** 20;
const script = fileURLToPath(new URL('./testing/pyvmomi_client.py', import.meta.url));

it('serves pyvmomi: login, inventory, tracking, snapshots, changed areas, power', async () => {
  await using lab = await startLabVcenter({
    machines: [{ name: 'web', disks: [{ size: 8 * MiB, fill: 3 }, { size: MiB }] }],
    generate: 6,
    pageSize: 1,
    taskMs: 10,
  });
  const machine = lab.world.machineByName('web')!;
  // Debian's interpreter, for which Debian's python3-pyvmomi is installed.
  const python = spawn('/usr/bin/python3', [script], { stdio: ['pipe', 'pipe', 'pipe'] });
  try {
    let complaint = '';
    python.stderr.on('data', (text: Buffer) => {
      complaint += text;
    });
    const ended = once(python, 'close');
    const lines = createInterface(python.stdout)[Symbol.asyncIterator]();
    python.stdin.write(
      `${JSON.stringify({ url: lab.url, username: lab.username, password: lab.password, certificate: lab.certificate })}\n`,
    );
    const signal = await lines.next();
    expect(signal.value, complaint).toBe('write');
    machine.disks[0]!.write(0, Buffer.alloc(1000, 9));
    machine.disks[0]!.write(6 * MiB + 100, Buffer.alloc(10, 9));
    python.stdin.write('written\n');
    const line = await lines.next();
    await ended;
    expect(complaint).toBe('');
    const found = JSON.parse(String(line.value));
    const { areas, ...rest } = found;
    expect(rest).toEqual({
      wrongPassword: 'Cannot complete login due to an incorrect user name or password.',
      about: 'VirtualCenter',
      user: lab.username,
      clock: true,
      counts: {
        'vim.Folder': [...lab.world.entities.values()].filter((one) => one.type === 'Folder').length - 1,
        'vim.Datacenter': 1,
        'vim.ClusterComputeResource': 1,
        'vim.HostSystem': [...lab.world.entities.values()].filter((one) => one.type === 'HostSystem').length,
        'vim.ResourcePool': 1,
        'vim.Datastore': lab.world.datastores.size,
        'vim.Network': [...lab.world.entities.values()].filter((one) => /^(Network|Distributed)/.test(one.type)).length,
        'vim.VirtualMachine': 7,
      },
      datastoreTypes: [...new Set([...lab.world.datastores.values()].map((one) => one.kind))].sort(),
      machines: [...lab.world.machines.values()].map((one) => one.name).sort(),
      byUuid: 'web',
      disk: [2000, 8 * MiB, 'Hard disk 1', 'VMFS'],
      tracking: true,
      tree: ['one', true],
      noSnapshots: true,
      sameEpoch: true,
      atCapacity: expect.any(String),
      powerFault: 'poweredOn',
      power: 'poweredOff',
      gone: true,
      loggedOut: true,
    });
    const covers = (offset: number) => (areas as [number, number][]).some(([start, length]) => start <= offset && offset < start + length);
    expect([covers(0), covers(999), covers(6 * MiB + 105), covers(3 * MiB)]).toEqual([true, true, true, false]);
  } finally {
    python.kill('SIGKILL');
  }
});
