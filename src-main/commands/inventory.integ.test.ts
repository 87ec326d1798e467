import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabVcenter, startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { inventoryCommand } from './inventory.ts';
import { runCommand } from './testing/run-command.ts';

let lab: LabVcenter;
beforeAll(async () => {
  const disks = [{ size: 1024 ** 2 }];
  lab = await startLabVcenter({
    seed: 3,
    machines: [
      { name: 'web', firmware: 'efi', disks },
      { name: 'data', disks: [...disks, ...disks], poweredOn: false },
    ],
  });
});
afterAll(() => lab.close());

async function run(args: string[], stdin = `${lab.password}\n`) {
  const { status, out, err } = await runCommand(inventoryCommand, args, { readStdin: async () => stdin });
  return { status, out, err: err.join('\n') };
}
const known = () => ['--url', lab.url, '--username', lab.username, '--password-stdin'];

describe('octopus inventory', () => {
  it('shows the thumbprint of an unknown server and does not log in', async () => {
    const { status, out, err } = await run(known());
    expect([status, out]).toEqual([1, []]);
    expect(err).toContain(`--thumbprint ${lab.thumbprint}`);
    expect(err).toContain('--accept-thumbprint takes it unseen');
  });

  it('lists machines as a table', async () => {
    const { status, out, err } = await run([...known(), '--thumbprint', lab.thumbprint]);
    expect(status).toBe(0);
    expect(out).toHaveLength(3);
    expect(out[0]).toMatch(/^NAME +REF +POWER +FIRMWARE/);
    expect(out[1]).toMatch(/^data +vm-\d+ +off +bios +\d+ +[\d.]+ GiB +2 /);
    expect(out[2]).toMatch(/^web +vm-\d+ +on +efi /);
    expect(err).toMatch(/^2 machines on /);
  });

  it('prints JSON, and takes a host for an address', async () => {
    const args = ['--url', new URL(lab.url).host, '--username', lab.username, '--password-stdin', '--accept-thumbprint', '--json'];
    const { status, out } = await run(args);
    expect(status).toBe(0);
    const { machines } = JSON.parse(out.join('\n')) as { machines: { name: string }[] };
    expect(machines.map(({ name }) => name)).toEqual(['data', 'web']);
  });

  it('refuses a wrong password and another certificate', async () => {
    await expect(run([...known(), '--thumbprint', lab.thumbprint], 'wrong')).rejects.toMatchObject({ code: 'source.denied' });
    await expect(run([...known(), '--thumbprint', 'AB'.repeat(32)])).rejects.toMatchObject({ code: 'source.certificate' });
  });

  it('names the option that gives a thumbprint, where it is wrong and where it is another', async () => {
    await expect(run([...known(), '--thumbprint', 'ab:cd'])).rejects.toMatchObject({
      code: 'argument.invalid',
      field: 'thumbprint',
      message: "--thumbprint is the SHA-256 of the certificate, 32 pairs of hex digits joined by colons, not 'ab:cd'.",
    });
    await expect(run([...known(), '--thumbprint', 'AB'.repeat(32)])).rejects.toMatchObject({
      code: 'source.certificate',
      message: expect.stringMatching(/accept the new thumbprint\. The option --thumbprint does\.$/),
    });
  });

  it.each([
    ['url', ['--username', 'u', '--password-stdin']],
    ['url', ['--url', 'ftp://x', '--username', 'u', '--password-stdin']],
    ['username', ['--url', 'h', '--password-stdin']],
    ['password-stdin', ['--url', 'h', '--username', 'u']],
    ['thumbprint', ['--url', 'h', '--username', 'u', '--password-stdin', '--thumbprint', 'x', '--accept-thumbprint']],
    ['thumbprint', ['--url', 'h', '--username', 'u', '--password-stdin', '--thumbprint', 'x']],
  ])('names what is wrong with %s', async (field, args) => {
    await expect(run(args)).rejects.toMatchObject({ code: 'argument.invalid', field });
  });
});
