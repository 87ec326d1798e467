import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { labCommand } from './lab.ts';
import { keepingTerminal } from './testing/run-command.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-lab-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function terminal(signal: AbortSignal, lines: string[] = []) {
  const keep = (line: string) => void lines.push(line);
  return keepingTerminal({ out: keep, err: keep, status: keep, signal }).terminal;
}

describe('octopus lab', () => {
  it('runs until it is interrupted and leaves the disk as it was', async () => {
    const disk = join(folder, 'web.raw');
    const info = join(folder, 'info.json');
    const content = Buffer.alloc(1954 * 512, 'octopus');
    await writeFile(disk, content);
    const interrupt = new AbortController();
    const lines: string[] = [];
    const running = labCommand.run(
      [
        '--machine',
        `name=web,firmware=uefi,disk=${disk}`,
        '--machine',
        `name=db,on=no,disk=${disk},disk=${disk}`,
        '--churn',
        '7',
        `--info=${info}`,
      ],
      terminal(interrupt.signal, lines),
    );
    const written = async (): Promise<Record<string, string>> => {
      try {
        return JSON.parse(await readFile(info, 'utf8'));
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return written();
      }
    };
    const access = await written();
    expect((await stat(info)).mode & 0o777).toBe(0o600);
    expect(Object.keys(access).sort()).toEqual(['password', 'thumbprint', 'url', 'username']);
    expect(lines.join('\n')).not.toContain(access.password);
    const url = new URL(access.url!);
    // The thumbprint is that of the certificate that is served.
    const served = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: url.hostname, port: Number(url.port), rejectUnauthorized: false }, () => {
        const hash = createHash('sha256').update(socket.getPeerCertificate().raw).digest('hex').toUpperCase();
        socket.destroy();
        resolve(hash.replace(/..(?!$)/g, '$&:'));
      });
      socket.on('error', reject);
    });
    expect(access.thumbprint).toBe(served);
    const basic = Buffer.from(`${access.username}:${access.password}`).toString('base64');
    const status = await new Promise<number>((resolve, reject) => {
      const path = `/folder/db/db-flat.vmdk?dcPath=${encodeURIComponent('Lab DC')}&dsName=datastore1`;
      const options = { method: 'HEAD', rejectUnauthorized: false, agent: false, headers: { Authorization: `Basic ${basic}` } };
      request(new URL(path, url), options, (response) => resolve(response.statusCode!))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
    interrupt.abort();
    expect(await running).toBe(0);
    expect((await readFile(disk)).equals(content)).toBe(true);
    await expect(stat(info)).rejects.toThrow('ENOENT');
  });

  it.each([
    [[], 'needs --machine'],
    [['--machine', 'disk=a.raw'], 'needs name=NAME'],
    [['--machine', 'name=a'], 'needs at least one disk=FILE'],
    [
      ['--machine', 'name=a,disk=/nowhere/a.raw'],
      "/nowhere/a.raw does not exist: name a raw image; qemu-img create -f raw '/nowhere/a.raw' 64M makes",
    ],
    [['--machine', 'name=a,disk=/'], 'is not a file'],
    [['--machine', 'name=a,firmware=dos,disk=a'], "firmware is bios or uefi, not 'dos'"],
    [['--machine', 'name=a,firmware=efi,disk=a'], "firmware is bios or uefi, not 'efi'"],
    [['--machine', 'name=a,firmware=bios,firmware=uefi,disk=a'], 'firmware is given twice: bios and uefi'],
    [['--machine', 'name=a,on=1,disk=a'], "on is yes or no, not '1'"],
    [['--machine', 'name=a,on=yes,on=no,disk=a'], 'on is given twice: yes and no'],
    [['--machine', 'name=a,tracking=YES,disk=a'], "tracking is yes or no, not 'YES'"],
    [['--machine', 'name=a,tracking=no,tracking=no,disk=a'], 'tracking is given twice: no and no'],
    [['--machine', 'name=a,guest=my debian,disk=a'], "such as debian12_64Guest, not 'my debian'"],
    [['--machine', 'name=a,guest=dosGuest,guest=dosGuest,disk=a'], 'guest is given twice'],
    [['--machine', `name=${'a'.repeat(81)},disk=a`], 'a name has at most 80 characters'],
    [['--machine', 'name=a,colour=red,disk=a'], "unknown key 'colour'"],
    [['--machine', 'name=a,colour=,disk=a'], "unknown key 'colour'"],
    [['--machine', 'name=a,toString=x,disk=a'], "unknown key 'toString'"],
    [['--machine', 'name=a,disk=a,'], "'' is not KEY=VALUE, as in"],
    [['--machine', 'name=a,disk=x', '--machine', 'name=a,disk=y'], 'Two machines are named a'],
    [['--machine', 'name=a,name=b,disk=x'], 'name is given twice: a and b'],
    [['--machine', 'name=,disk=x'], 'name needs a value, as in name=web'],
    [['--machine', 'name,disk=x'], "'name' is not KEY=VALUE, as in"],
    [['--machine', 'name=a,disk=/dev/null'], 'is not a file'],
    [['--machines', '-1'], "--machines is a whole number from 0 to 5000, not '-1'"],
    [['--machines', '1', '--info', '/nowhere/lab.json'], 'there is no folder /nowhere'],
    [['--machines', '5001'], 'from 0 to 5000'],
    [['--churn'], '--churn needs a value'],
    [['--what'], "Unknown option '--what'; see octopus lab --help"],
  ])('refuses %j', async (args, why) => {
    await expect(labCommand.run(args, terminal(AbortSignal.abort()))).rejects.toMatchObject({
      code: 'argument.invalid',
      message: expect.stringContaining(why),
    });
  });

  it('refuses disks that are no disks', async () => {
    for (const [bytes, said] of [
      [0, 'has 0 bytes'],
      [1000, 'whole sectors of 512 bytes'],
    ] as const) {
      const disk = join(folder, 'disk.raw');
      await writeFile(disk, Buffer.alloc(bytes));
      await expect(labCommand.run(['--machine', `name=a,disk=${disk}`], terminal(AbortSignal.abort()))).rejects.toMatchObject({
        code: 'argument.invalid',
        message: expect.stringContaining(said),
      });
    }
  });
});
