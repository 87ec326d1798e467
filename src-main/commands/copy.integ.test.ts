import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { link, mkdtemp, open, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isSettled, openJournal } from '../../workers/blocks/journal.ts';
import { readManifest } from '../../workers/blocks/manifest.ts';
import type { Command } from './command.ts';
import { copyCommand } from './copy.ts';
import type { CopyResult } from './copy-image.ts';
import { runCommand, tryCommand } from './testing/run-command.ts';
import { verifyCommand } from './verify.ts';

const run = promisify(execFile);
const MiB = 1024 * 1024;
const SIZE = 40 * MiB + 4096;

let folder: string;
let disk: Buffer;
const started: ChildProcess[] = [];
const systemFolder = tmpdir();
const file = (name: string): string => join(folder, name);

beforeAll(() => {
  disk = Buffer.alloc(SIZE);
  randomBytes(9 * MiB).copy(disk, 0);
  randomBytes(MiB).copy(disk, 20 * MiB + 4096);
  randomBytes(4096).copy(disk, 40 * MiB);
});
beforeEach(async () => {
  process.env.TMPDIR = systemFolder;
  folder = await mkdtemp(join(tmpdir(), 'octopus-copy-test-'));
  // What is left over in the temporary folder is seen in the test, and goes with it.
  process.env.TMPDIR = folder;
  await writeDisk(file('source.raw'), disk);
});
afterEach(async () => {
  process.env.TMPDIR = systemFolder;
  for (const child of started.splice(0)) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});
/** Sparse: blocks of zeros are holes. */
async function writeDisk(path: string, content: Buffer): Promise<void> {
  const handle = await open(path, 'w');
  await handle.truncate(content.length);
  for (let offset = 0; offset < content.length; offset += MiB) {
    const part = content.subarray(offset, offset + MiB);
    if (!part.equals(Buffer.alloc(part.length))) await handle.write(part, 0, part.length, offset);
  }
  await handle.close();
}

const octopus = (command: Command, ...args: string[]) => runCommand(command, args);

async function copy(...args: string[]): Promise<CopyResult> {
  const { status, out } = await octopus(copyCommand, ...args, '--json');
  expect(status).toBe(0);
  return JSON.parse(out.join('\n')) as CopyResult;
}

/** A server on a unix socket; ends with the test. */
async function serve(name: string, program: string, ...args: string[]): Promise<string> {
  const socket = file(name);
  const child = spawn(program, program === 'nbdkit' ? ['-f', '-U', socket, ...args] : ['--socket', socket, ...args], { stdio: 'inherit' });
  started.push(child);
  while (!existsSync(socket)) {
    expect(child.exitCode).toBeNull();
    await sleep(10);
  }
  return `nbd+unix:///?socket=${socket}`;
}

describe('octopus copy', () => {
  it('replaces no TARGET where its --manifest cannot be written', async () => {
    const target = file('target.raw');
    await writeFile(target, 'of before');
    await expect(octopus(copyCommand, file('source.raw'), target, '--manifest', '/proc/manifest')).rejects.toMatchObject({
      code: 'target.denied',
      message: '--manifest /proc/manifest cannot be written: no file can be made in its folder.',
    });
    expect(await readFile(target, 'utf8')).toBe('of before');
  });

  it.each(['raw', 'vhd', 'qcow2'] as const)(
    'copies a raw file to %s, verified, with a manifest that verify and QEMU confirm',
    async (format) => {
      const target = file(`target.${format}`);
      const manifest = file('manifest');
      const result = await copy(file('source.raw'), target, '--format', format, '--manifest', manifest, '--verify');
      expect(result).toMatchObject({ size: SIZE, verified: SIZE, unchanged: 0, resumed: 0, format });
      expect(result.sent + result.zero).toBe(SIZE);
      expect(result.sent).toBeLessThanOrEqual(12 * MiB);
      expect((await readManifest(manifest)).root).toBe(result.root);
      expect((await readdir(folder)).sort()).toEqual(['manifest', 'source.raw', `target.${format}`].sort());
      if (format === 'vhd') {
        const bytes = await readFile(target);
        expect(bytes.length).toBe(SIZE + 512);
        expect(bytes.subarray(0, SIZE).equals(disk)).toBe(true);
        expect(
          JSON.parse((await run('qemu-img', ['info', '--output=json', '-f', 'vpc', target])).stdout)['virtual-size'],
        ).toBeGreaterThanOrEqual(SIZE);
      } else {
        await run('qemu-img', ['compare', '-f', 'raw', '-F', format, file('source.raw'), target]);
      }
      const proven = await octopus(verifyCommand, target, '--manifest', manifest, '--json');
      expect(proven.status).toBe(0);
      expect(JSON.parse(proven.out.join('\n'))).toMatchObject({ proven: true, verified: SIZE, mismatches: [] });

      if (format === 'qcow2') await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 5000k 4k', target]);
      else {
        const handle = await open(target, 'r+');
        await handle.write(Buffer.alloc(4096, 7), 0, 4096, 5000 * 1024);
        await handle.close();
      }
      const refuted = await octopus(verifyCommand, target, '--manifest', manifest, '--json');
      expect(refuted.status).toBe(1);
      expect(JSON.parse(refuted.out.join('\n')).mismatches).toEqual([{ offset: 4 * MiB, length: MiB }]);
    },
  );

  it('copies from NBD: from many connections, and from a server that ends with its first client', async () => {
    const nbdkit = await serve('kit.sock', 'nbdkit', 'file', file('source.raw'));
    await copy(nbdkit, file('one.raw'), '--connections', '3');
    expect((await readFile(file('one.raw'))).equals(disk)).toBe(true);
    const once = await serve('once.sock', 'qemu-nbd', '--read-only', '--format=raw', file('source.raw'));
    const result = await copy(once, file('two.raw'), '--manifest', file('manifest'));
    expect((await readFile(file('two.raw'))).equals(disk)).toBe(true);
    const again = await octopus(verifyCommand, nbdkit, '--manifest', file('manifest'));
    expect(again.status).toBe(0);
    expect(again.out[0]).toContain(result.root);
  });

  it('copies to NBD and zeroes what stood there', async () => {
    await writeFile(file('held.raw'), randomBytes(SIZE));
    const uri = await serve('sink.sock', 'qemu-nbd', '--persistent', '--format=raw', '--shared=8', file('held.raw'));
    const result = await copy(file('source.raw'), uri, '--verify');
    expect(result.verified).toBe(SIZE);
    expect((await readFile(file('held.raw'))).equals(disk)).toBe(true);
  });

  it.each(['raw', 'vhd', 'qcow2'] as const)('sends to a %s only the blocks that differ from the base', async (format) => {
    const target = file('target');
    await copy(file('source.raw'), target, '--format', format, '--manifest', file('manifest'));
    const changed = Buffer.from(disk);
    randomBytes(100).copy(changed, 3 * MiB + 5);
    changed.fill(0, 7 * MiB, 8 * MiB);
    await writeDisk(file('source.raw'), changed);
    const result = await copy(
      file('source.raw'),
      target,
      '--format',
      format,
      '--base',
      file('manifest'),
      '--manifest',
      file('manifest'),
      '--verify',
    );
    expect(result).toMatchObject({ sent: MiB, verified: SIZE });
    expect(result.unchanged).toBeGreaterThanOrEqual(8 * MiB);
    const proven = await octopus(verifyCommand, target, '--manifest', file('manifest'), '--json');
    expect(JSON.parse(proven.out.join('\n'))).toMatchObject({ proven: true, root: result.root });
    if (format === 'raw') expect((await readFile(target)).equals(changed)).toBe(true);
  });

  it('grows with its source', async () => {
    await copy(file('source.raw'), file('target'), '--manifest', file('manifest'));
    await truncate(file('source.raw'), SIZE + 3 * MiB);
    await copy(file('source.raw'), file('target'), '--base', file('manifest'), '--manifest', file('new'), '--verify');
    expect((await readFile(file('target'))).equals(Buffer.concat([disk, Buffer.alloc(3 * MiB)]))).toBe(true);
  });

  it.each(['raw', 'qcow2'] as const)('continues a copy to %s after kill -9, and compares where the source has changed', async (format) => {
    const big = randomBytes(24 * MiB);
    await writeDisk(file('source.raw'), Buffer.concat([big, disk]));
    const target = file('target');
    const args = [file('source.raw'), target, '--format', format, '--manifest', file('manifest'), '--resume', '--json'];
    const killOnce = async (settledAtLeast: number): Promise<number> => {
      const child = spawn(process.execPath, ['src-main/cli.ts', 'copy', ...args, '--limit', '4M'], { stdio: 'ignore' });
      started.push(child);
      for (;;) {
        const settled = await settledBlocks(file('manifest.journal'));
        if (settled >= settledAtLeast) {
          child.kill('SIGKILL');
          await once(child, 'exit');
          return settled;
        }
        expect(child.exitCode).toBeNull();
        await sleep(50);
      }
    };
    const settled = await killOnce(5);
    if (format === 'raw') {
      const changed = Buffer.concat([big, disk]);
      changed.writeUInt8(changed.readUInt8(0) ^ 1, 0);
      await writeDisk(file('source.raw'), changed);
      const result = await copy(...args);
      expect(result.resumed).toBe(0);
      // All settled ones are compared; none but the changed one is sent again.
      expect(result.unchanged).toBeGreaterThan(0);
      expect((await readFile(target)).equals(changed)).toBe(true);
    } else {
      const result = await copy(...args);
      expect(result.resumed).toBeGreaterThanOrEqual(settled * MiB - MiB);
      await run('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', file('source.raw'), target]);
    }
    expect(existsSync(file('manifest.journal'))).toBe(false);
    expect((await octopus(verifyCommand, target, '--manifest', file('manifest'))).status).toBe(0);
  });

  it('stops at SIGINT and leaves what --resume needs', async () => {
    const child = spawn(process.execPath, [
      'src-main/cli.ts',
      'copy',
      file('source.raw'),
      file('target'),
      '--manifest',
      file('manifest'),
      '--limit',
      '1M',
    ]);
    started.push(child);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk));
    while (!existsSync(file('manifest.journal'))) await sleep(20);
    child.kill('SIGINT');
    // Not its exit: what it said may still be on the way then.
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(said).toMatch(
      /^octopus copy: Interrupted with .* of 40\.0 MiB copied and kept: the same command with --resume continues there\.$/m,
    );
    expect(existsSync(file('manifest'))).toBe(false);
    await copy(file('source.raw'), file('target'), '--manifest', file('manifest'), '--resume');
    expect((await readFile(file('target'))).equals(disk)).toBe(true);
  });

  it('says at SIGINT that nothing is kept without a manifest', async () => {
    const child = spawn(process.execPath, ['src-main/cli.ts', 'copy', file('source.raw'), file('target'), '--limit', '1M']);
    started.push(child);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk));
    while (!existsSync(file('target'))) await sleep(20);
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(said).toMatch(
      /^octopus copy: Interrupted after .* of 40\.0 MiB; nothing is kept .* --manifest FILE it could have been resumed\.$/m,
    );
  });

  it('says what is proven and what is not', async () => {
    const said = async (...args: string[]) => (await octopus(copyCommand, file('source.raw'), file('target'), ...args)).out.join('\n');
    expect(await said()).toContain('Written and flushed; not read back (--verify reads it back).');
    const manifested = await said('--manifest', file('manifest'));
    expect(manifested).toContain('Manifest: ');
    expect(manifested).toContain('not read back');
    expect(await said('--verify')).toContain('Proven: every block was read back and is what was copied (40.0 MiB).');
  });

  it('refuses every two names of one file, and changes none of them', async () => {
    const [source, other, manifest] = [file('source.raw'), file('o.raw'), file('m')];
    await writeDisk(other, disk);
    await copy(source, file('t.raw'), '--manifest', manifest);
    await link(source, file('hard'));
    await symlink(source, file('soft'));
    await symlink(file('none.raw'), file('dangling'));
    await writeDisk(file('x.journal'), disk);
    await symlink(folder, file('folder-link'));
    const nbd = await serve('kit.sock', 'nbdkit', 'memory', '1M');
    const before = await contents();
    const wrong: [string[], RegExp][] = [
      [[source, other, '--manifest', source], /--manifest .* of SOURCE/],
      [[source, other, '--manifest', file('hard')], /--manifest .* of SOURCE/],
      [[source, other, '--manifest', file('soft')], /--manifest .* of SOURCE/],
      [[source, other, '--manifest', other], /--manifest .* of TARGET/],
      [[source, file('new'), '--manifest', join(folder, 'folder-link', 'new')], /--manifest .* of TARGET/],
      [[source, file('none.raw'), '--manifest', file('dangling')], /--manifest .* of TARGET/],
      [[file('x.journal'), other, '--manifest', file('x')], /journal of --manifest .* of SOURCE/],
      [[source, file('x.journal'), '--manifest', file('x')], /journal of --manifest .* of TARGET/],
      [[source, manifest, '--base', manifest], /--base .* of TARGET/],
      [[manifest, other, '--base', manifest], /--base .* of SOURCE/],
      [[source, file('hard')], /SOURCE itself/],
      [[source, file('soft')], /SOURCE itself/],
      [[nbd, nbd], /SOURCE itself/],
      [[source, file('new'), '--manifest', other], /not a manifest/],
      [[source, file('new'), '--manifest', folder], /folder/],
      [[source, other, '--base', folder], /--base .* is a folder/],
      [[source, file('new'), '--manifest', file('x')], /journal/],
      [[source, file('new'), '--manifest', join(folder, 'none', 'm')], /there is no folder/],
    ];
    for (const [args, message] of wrong) {
      const error = (await octopus(copyCommand, ...args).catch((caught: unknown) => caught)) as Error & { code: string };
      expect(error.message).toMatch(message);
      expect(error.message).not.toContain('\n');
      expect(error.code).toBe('argument.invalid');
    }
    expect(await contents()).toEqual(before);
    await copy(source, other, '--base', manifest, '--manifest', manifest);

    async function contents(): Promise<Record<string, string>> {
      const found: Record<string, string> = {};
      for (const name of (await readdir(folder)).sort()) {
        const bytes = await readFile(file(name)).catch(() => Buffer.alloc(0));
        found[name] = createHash('sha256').update(bytes).digest('hex');
      }
      return found;
    }
  });

  it.each([
    ['o.vhd', 'give --format vhd, or --format raw if that is meant.'],
    ['o.QCOW2', 'give --format qcow2, or --format raw if that is meant.'],
    ['o.vhdx', 'vhdx is not written; give --format raw, vhd or qcow2.'],
    ['o.vmdk', 'vmdk is not written; give --format raw, vhd or qcow2.'],
    ['o.vdi', 'vdi is not written; give --format raw, vhd or qcow2.'],
  ])('makes no raw %s that nobody asked for', async (name, said) => {
    const target = file(name);
    await writeFile(target, 'of before');
    await expect(octopus(copyCommand, file('source.raw'), target)).rejects.toMatchObject({
      code: 'argument.invalid',
      field: 'format',
      message: `The TARGET ${target} would be raw, and its name says otherwise: ${said}`,
    });
    expect(await readFile(target, 'utf8')).toBe('of before');
    await copy(file('source.raw'), target, '--format', 'raw');
    expect((await readFile(target)).equals(disk)).toBe(true);
  });

  it('takes an NBD export of any name as it is', async () => {
    await writeDisk(file('held.raw'), Buffer.alloc(SIZE));
    const sink = await serve('sink.sock', 'qemu-nbd', '--persistent', '--format=raw', '--export-name=o.qcow2', file('held.raw'));
    await copy(file('source.raw'), sink.replace('///', '///o.qcow2'));
    expect((await readFile(file('held.raw'))).equals(disk)).toBe(true);
  });

  it('refuses to write raw blocks into a VHD, also a resumed one', async () => {
    const target = file('o.vhd');
    await copy(file('source.raw'), target, '--format', 'vhd', '--manifest', file('m'));
    const before = await readFile(target);
    await expect(octopus(copyCommand, file('source.raw'), target, '--format', 'raw', '--base', file('m'))).rejects.toMatchObject({
      code: 'argument.invalid',
      message: expect.stringContaining('is vhd, not raw; give --format vhd'),
    });
    expect((await readFile(target)).equals(before)).toBe(true);
    // A raw disk that only ends like a VHD is raw, and is copied as such when that is said.
    await expect(copy(target, file('copy.raw'))).rejects.toMatchObject({
      code: 'argument.invalid',
      message: expect.stringMatching(/qemu-nbd --read-only .*--format=vpc .*--source-format raw/),
    });
    await copy(target, file('copy.raw'), '--source-format', 'raw', '--manifest', file('m2'));
    await copy(target, file('copy.raw'), '--source-format', 'raw', '--base', file('m2'));
    expect((await readFile(file('copy.raw'))).equals(before)).toBe(true);
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', file('q.qcow2'), '1M']);
    await expect(copy(file('q.qcow2'), file('q.raw'))).rejects.toMatchObject({
      code: 'argument.invalid',
      message: expect.stringContaining('--format=qcow2'),
    });
    await expect(copy(file('q.qcow2'), file('q.raw'), '--source-format', 'vhd')).rejects.toMatchObject({ field: 'source-format' });
  });

  it.each(['raw', 'qcow2'] as const)('shrinks and grows a %s with its source, and says so', async (format) => {
    const target = file('target');
    const args = ['--format', format, '--manifest', file('m')];
    await copy(file('source.raw'), target, ...args);
    for (const size of [20 * MiB + 512, SIZE + 3 * MiB + 1024]) {
      await truncate(file('source.raw'), size);
      const { err } = await octopus(copyCommand, file('source.raw'), target, '--base', file('m'), ...args, '--verify');
      expect(err.join('\n')).toMatch(/The base is of a disk of \d+ bytes and the source has/);
      const proven = await octopus(verifyCommand, target, '--manifest', file('m'), '--json');
      expect(JSON.parse(proven.out.join('\n'))).toMatchObject({ proven: true, size });
    }
  });

  it('refuses a base of another size for a VHD, which keeps its size', async () => {
    const target = file('target');
    await copy(file('source.raw'), target, '--format', 'vhd', '--manifest', file('m'));
    const before = await readFile(target);
    await truncate(file('source.raw'), 20 * MiB);
    await expect(copy(file('source.raw'), target, '--format', 'vhd', '--base', file('m'))).rejects.toMatchObject({ field: 'base' });
    expect((await readFile(target)).equals(before)).toBe(true);
  });

  it('resumes nothing where there is no journal, and leaves the target as it is', async () => {
    await writeFile(file('held'), 'precious');
    await expect(octopus(copyCommand, file('source.raw'), file('held'), '--manifest', file('m'), '--resume')).rejects.toMatchObject({
      code: 'argument.invalid',
      message: expect.stringContaining('There is no journal'),
    });
    expect(await readFile(file('held'), 'utf8')).toBe('precious');
  });

  it('writes JSON also when it fails', async () => {
    const { error, out } = await tryCommand(copyCommand, [file('none'), file('t'), '--json']);
    expect(error).toMatchObject({ code: 'source.missing' });
    expect(JSON.parse(out.join('\n'))).toMatchObject({ source: file('none'), target: file('t'), error: { code: 'source.missing' } });
  });

  it('says in one line which argument is wrong', async () => {
    const source = file('source.raw');
    await writeFile(file('folder'), '');
    const wrong: [string[], RegExp][] = [
      [[], /SOURCE is missing/],
      [[source], /TARGET is missing/],
      [[source, file('t'), 'more'], /more/],
      [['ftp://host/x', file('t')], /SOURCE/],
      [['nbd://host:99999/x', file('t')], /nbd:\/\/host:99999/],
      [[source, file('t'), '--format', 'vmdk'], /--format 'vmdk'/],
      [[source, 'nbd://host/x', '--format', 'qcow2'], /--format qcow2/],
      [[source, file('t'), '--limit', 'fast'], /--limit 'fast'/],
      [[source, file('t'), '--limit', '0'], /--limit '0'/],
      [[source, file('t'), '--connections', '17'], /--connections '17'/],
      [[source, file('t'), '--resume'], /--manifest/],
      [[source, source], /SOURCE itself/],
      [[folder, file('t')], /folder/],
      [[source, folder], /not a file/],
      [[source, file('t'), '--manifest', ''], /--manifest/],
      [[source, file('t'), '--unknown'], /--unknown/],
    ];
    for (const [args, message] of wrong) {
      const error = (await octopus(copyCommand, ...args).catch((caught: unknown) => caught)) as Error & { code: string };
      expect(error.message).toMatch(message);
      expect(error.message).not.toContain('\n');
      expect(error.code).toBe('argument.invalid');
    }
    expect(existsSync(file('t'))).toBe(false);
    expect((await readFile(source)).equals(disk)).toBe(true);
  });

  it('fails clearly where an end is missing, and never writes over a source that cannot be read', async () => {
    await writeFile(file('held'), 'precious');
    await writeFile(file('no-manifest'), 'something else');
    const failing: [string[], string][] = [
      [[file('none'), file('held')], 'source.missing'],
      [[`nbd+unix:///?socket=${file('none.sock')}`, file('held')], 'source.unreachable'],
      [[file('source.raw'), join(folder, 'none', 'target')], 'target.missing'],
      [[file('source.raw'), file('target'), '--base', file('none')], 'target.missing'],
      [[file('source.raw'), file('held'), '--base', file('none')], 'argument.invalid'],
      [[file('source.raw'), file('held'), '--base', file('source.raw')], 'argument.invalid'],
      [[file('source.raw'), file('held'), '--base', file('no-manifest')], 'manifest.invalid'],
    ];
    for (const [args, code] of failing) await expect(octopus(copyCommand, ...args)).rejects.toMatchObject({ code });
    await expect(octopus(copyCommand, file('none'), file('held'))).rejects.toThrow(`The source ${file('none')} does not exist.`);
    expect(await readFile(file('held'), 'utf8')).toBe('precious');
    await expect(octopus(verifyCommand, file('none'), '--manifest', file('none'))).rejects.toMatchObject({ code: 'argument.invalid' });
    for (const args of [
      [folder, '--manifest', file('held')],
      [file('held'), '--manifest', folder],
    ]) {
      const message = expect.stringContaining('is a folder');
      await expect(octopus(verifyCommand, ...args)).rejects.toMatchObject({ code: 'argument.invalid', message });
    }
    await expect(octopus(verifyCommand, file('held'))).rejects.toMatchObject({ code: 'argument.invalid' });
  });
});

async function settledBlocks(path: string): Promise<number> {
  const journal = await openJournal(path).catch(() => undefined);
  if (journal === undefined) return 0;
  let settled = 0;
  for (let block = 0; block < journal.blocks; block++) if (isSettled(journal.state(block))) settled++;
  await journal.close();
  return settled;
}
