import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from '../store/store.ts';
import { backupCommand } from './backup.ts';
import type { Command } from './command.ts';
import { copyCommand } from './copy.ts';
import { demoCommand } from './demo.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { replicateCommand } from './replicate.ts';
import { resetPasswordCommand } from './reset-password.ts';
import { restoreCommand } from './restore.ts';
import { serveCommand } from './serve.ts';
import { tryCommand } from './testing/run-command.ts';
import { verifyCommand } from './verify.ts';

let folder: string;
const of = (...names: string[]) => join(folder, ...names);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-named-file-'));
  await mkdir(of('folder'));
  await mkdir(of('data'));
  await (await openStore(of('data', 'octopus.db'))).close();
  await writeFile(of('image'), Buffer.alloc(4096, 1));
  await writeFile(of('held'), Buffer.alloc(4096, 1));
  await writeFile(of('passphrase'), 'planted passphrase\n', { mode: 0o600 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const refusal = async (command: Command, args: string[]) => (await tryCommand(command, args)).error;

const reads: [Command, string, () => string[]][] = [
  [importCommand, 'from', () => ['--data', of('new')]],
  [importCommand, 'passphrase-file', () => ['--data', of('new'), '--from', of('image')]],
  [importCommand, 'vault-passphrase-file', () => ['--data', of('new'), '--from', of('image'), '--vault', 'file']],
  [exportCommand, 'passphrase-file', () => ['--data', of('data'), '--to', of('out'), '--with-secrets']],
  [
    exportCommand,
    'vault-passphrase-file',
    () => ['--data', of('data'), '--to', of('out'), '--with-secrets', '--passphrase-file', of('passphrase'), '--vault', 'file'],
  ],
  [resetPasswordCommand, 'password-file', () => ['--data', of('data'), '--user', 'ann']],
  [restoreCommand, 'from', () => ['--data', of('new')]],
  [serveCommand, 'passphrase-file', () => ['--data', of('new'), '--port', '0', '--vault', 'file']],
  [serveCommand, 'metrics-token-file', () => ['--data', of('new'), '--port', '0']],
  [serveCommand, 'tls-cert', () => ['--data', of('new'), '--port', '0', '--tls-key', of('image')]],
  [serveCommand, 'tls-key', () => ['--data', of('new'), '--port', '0', '--tls-cert', of('image')]],
  [replicateCommand, 'info', () => ['--machine', 'web', '--to', of('new')]],
  [verifyCommand, 'manifest', () => [of('image')]],
  [copyCommand, 'base', () => [of('image'), of('held')]],
];

test.each(reads.map(([command, option, args]) => [command.name, option, command, args] as const))(
  'octopus %s --%s: a file that is not there, or a folder, is told in one line with the option',
  async (_name, option, command, args) => {
    const before = await readdir(folder);
    for (const [path, why] of [
      [of('nope'), /cannot be read: there is no such file\.$/],
      [of('image', 'below'), /cannot be read: there is no such file\.$/],
      [of('folder'), /(it )?is a folder|is not a file/],
    ] as const) {
      const error = await refusal(command, [...args(), `--${option}`, path]);
      expect(error, path).toMatchObject({ code: 'argument.invalid', field: option });
      expect(error!.message).toMatch(new RegExp(`^--${option} ${path} [^\\n]*$`));
      expect(error!.message).toMatch(why);
      expect(error!.message).not.toMatch(/E[A-Z]{4,}/);
    }
    expect(await readdir(folder)).toEqual(before);
  },
);

const writes: [Command, string, () => string[]][] = [
  [backupCommand, 'to', () => ['--data', of('data')]],
  [exportCommand, 'to', () => ['--data', of('data')]],
  [demoCommand, 'json', () => []],
  [serveCommand, 'port-file', () => ['--data', of('new'), '--port', '0']],
];

test.each(writes.map(([command, option, args]) => [command.name, option, command, args] as const))(
  'octopus %s --%s: a folder that is missing is never made',
  async (_name, option, command, args) => {
    const path = of('some', 'missing', 'file');
    const error = await refusal(command, [...args(), `--${option}`, path]);
    expect(error).toMatchObject({
      code: 'argument.invalid',
      field: option,
      message: `--${option} ${path}: there is no folder ${of('some', 'missing')}; make it, or mount its disk.`,
    });
    expect(existsSync(of('some'))).toBe(false);
    expect(existsSync(of('new'))).toBe(false);
    const inItsPlace = await refusal(command, [...args(), `--${option}`, of('folder')]);
    expect(inItsPlace).toMatchObject({ code: 'argument.invalid', field: option, message: expect.stringContaining('is a folder') });
  },
);
