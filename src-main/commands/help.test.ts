import { describe, expect, it } from 'vitest';
import { auditCommand } from './audit.ts';
import { backupCommand } from './backup.ts';
import type { Command } from './command.ts';
import { copyCommand } from './copy.ts';
import { demoCommand } from './demo.ts';
import { exportCommand } from './export.ts';
import { commandHelp } from './help.ts';
import { importCommand } from './import.ts';
import { inventoryCommand } from './inventory.ts';
import { labCommand } from './lab.ts';
import { parseOptions } from './parse-options.ts';
import { replicateCommand } from './replicate.ts';
import { resetPasswordCommand } from './reset-password.ts';
import { restoreCommand } from './restore.ts';
import { serveCommand } from './serve.ts';
import { verifyCommand } from './verify.ts';

const commands: Command[] = [
  auditCommand,
  backupCommand,
  copyCommand,
  demoCommand,
  exportCommand,
  importCommand,
  inventoryCommand,
  labCommand,
  replicateCommand,
  resetPasswordCommand,
  restoreCommand,
  serveCommand,
  verifyCommand,
];

describe('the help of a command', () => {
  it.each(commands.map((command) => [command.name, command] as const))(
    '%s: explains each option on a line of its own',
    (_name, command) => {
      const help = commandHelp(command).split('\n');
      expect(help[0]).toBe(`octopus ${command.name} ${command.usage}`);
      const shown = [...command.usage.matchAll(/--([\w-]+)/g)].map(([, name]) => name);
      expect(Object.keys(command.options).sort()).toEqual([...new Set(shown)].sort());
      for (const [name, { value = '' }] of Object.entries(command.options)) {
        const lines = help.filter((line) => line.startsWith(`  --${name} `));
        expect(lines).toHaveLength(1);
        expect(lines[0]).toMatch(new RegExp(`^  --${name} ${value.replace(/[.|]/g, '\\$&')} *\\S`));
      }
      for (const name of Object.keys(command.operands ?? {})) expect(help.some((line) => line.startsWith(`  ${name} `))).toBe(true);
      for (const line of help.slice(2)) expect(line.length).toBeLessThan(140);
    },
  );

  it('says units and defaults', () => {
    expect(commandHelp(copyCommand)).toMatch(/--limit BYTES\/s .*bytes a second.*default: no limit/);
    expect(commandHelp(copyCommand)).toMatch(/--connections N .*default: 4/);
    expect(commandHelp(replicateCommand)).toMatch(/--boot-timeout SECONDS .*seconds.*default: 300/);
  });
});

describe('wrong options', () => {
  it.each([
    [['a', 'b', '--verfy'], "Unknown option '--verfy'; see octopus copy --help."],
    [['--limit'], '--limit needs a value: --limit BYTES/s; see octopus copy --help.'],
    [['--limit', '--json'], '--limit needs a value: --limit BYTES/s; see octopus copy --help.'],
    [['--manifest='], '--manifest needs a value: --manifest FILE; see octopus copy --help.'],
    [['--json=yes'], '--json takes no value; see octopus copy --help.'],
  ])('%j', (args, message) => {
    expect(() => parseOptions(copyCommand, args)).toThrow(expect.objectContaining({ code: 'argument.invalid', message }));
  });

  it('refuses words that belong to nothing', () => {
    expect(() => parseOptions(labCommand, ['web'])).toThrow("'web' belongs to no option; see octopus lab --help.");
  });
});
