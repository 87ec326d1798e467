import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { MachineInventory } from '../domain/machine.ts';
import { connectVsphere, fetchThumbprint } from '../providers/vsphere/connect-vsphere.ts';
import { normalizeThumbprint } from '../providers/vsphere/pinned-agent.ts';
import { type Command, type OptionTable, usageError } from './command.ts';
import { count } from './count.ts';
import { parseOptions, required } from './parse-options.ts';

const usage = '--url URL --username USER --password-stdin (--thumbprint T | --accept-thumbprint) [--json]';

const options = {
  url: { value: 'URL', help: 'address of the vCenter or ESXi: https://host/sdk, or only its host' },
  username: { value: 'USER', help: 'who logs in' },
  'password-stdin': { help: 'the password comes on standard input; there is no other way to give it' },
  thumbprint: { value: 'T', help: 'SHA-256 of the certificate that is accepted: 32 pairs of hex digits' },
  'accept-thumbprint': { help: 'accepts whatever certificate is shown, and prints its thumbprint' },
  json: { help: 'writes the machines to standard output as JSON; sizes in bytes' },
} as const satisfies OptionTable;

export const inventoryCommand: Command & { options: typeof options } = {
  name: 'inventory',
  usage,
  summary: 'Lists the machines of a vCenter or ESXi. The password is read from standard input.',
  options,
  async run(args, terminal) {
    const { values } = parseOptions(inventoryCommand, args);
    const url = serviceUrl(required(inventoryCommand, values, 'url'));
    const username = required(inventoryCommand, values, 'username');
    if (!values['password-stdin']) {
      throw usageError('password-stdin', 'Give --password-stdin and the password on standard input: arguments can be seen by others.');
    }
    if (values.thumbprint !== undefined && values['accept-thumbprint']) {
      throw usageError('thumbprint', 'Give either --thumbprint or --accept-thumbprint, not both.');
    }
    let thumbprint = checkThumbprint(values.thumbprint);
    if (thumbprint === undefined) {
      thumbprint = await fetchThumbprint(url, terminal.signal);
      if (!values['accept-thumbprint']) {
        terminal.err(`${new URL(url).host} shows a certificate with the SHA-256 thumbprint`);
        terminal.err(`  ${thumbprint}`);
        terminal.err(`Compare it with the one that its administrator gives you, then repeat with --thumbprint ${thumbprint}`);
        terminal.err('--accept-thumbprint takes it unseen, as for a lab of your own.');
        return 1;
      }
      terminal.err(`Accepted the certificate ${thumbprint}; next time give it with --thumbprint.`);
    }
    const password = (await terminal.readStdin()).replace(/\r?\n$/, '');
    if (password === '') throw usageError('password-stdin', 'No password came on standard input.');
    terminal.status(`Reading the inventory of ${new URL(url).host} …`);
    const login = { url, username, password: async () => password, thumbprint };
    await using source = await connectVsphere(login, terminal.signal).catch((caught: unknown) => {
      throw withHint(caught);
    });
    const machines = (await source.inventory(terminal.signal)).sort((a, b) => a.name.localeCompare(b.name));
    if (values.json) {
      terminal.out(JSON.stringify({ about: await source.about(), machines }, undefined, 2));
    } else {
      const about = await source.about();
      for (const line of table(machines)) terminal.out(line);
      terminal.err(`${count(machines.length, 'machine')} on ${about.name}`);
    }
    return 0;
  },
};

function checkThumbprint(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return normalizeThumbprint(text);
  } catch {
    throw usageError(
      'thumbprint',
      `--thumbprint is the SHA-256 of the certificate, 32 pairs of hex digits joined by colons, not '${text}'.`,
    );
  }
}

/** What is wrong is told as everywhere; which option mends it only here. */
function withHint(caught: unknown): unknown {
  const error = toOctopusError(caught);
  if (error.code !== 'source.certificate') return caught;
  return new OctopusError(error.code, `${error.message} The option --thumbprint does.`, { details: error.details, cause: caught });
}

function serviceUrl(text: string): string {
  const full = text.includes('://') ? text : `https://${text}`;
  if (!URL.canParse(full) || new URL(full).protocol !== 'https:')
    throw usageError('url', `'${text}' is no address; it reads https://host/sdk.`);
  const url = new URL(full);
  if (url.pathname === '/') url.pathname = '/sdk';
  return url.href;
}

const gibibytes = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;

function table(machines: MachineInventory[]): string[] {
  const head = ['NAME', 'REF', 'POWER', 'FIRMWARE', 'CPUS', 'MEMORY', 'DISKS', 'CAPACITY', 'TRACKING', 'SNAPSHOTS', 'GUEST'];
  const rows = machines.map((machine) => [
    machine.template ? `${machine.name} (template)` : machine.name,
    machine.ref,
    machine.powerState,
    machine.firmware,
    String(machine.cpus),
    gibibytes(machine.memory),
    String(machine.disks.length),
    gibibytes(machine.disks.reduce((sum, disk) => sum + disk.capacity, 0)),
    machine.changeTracking ? 'on' : 'off',
    String(machine.snapshotCount),
    machine.guestName,
  ]);
  const numeric = new Set([4, 5, 6, 7, 9]);
  const widths = head.map((title, column) => rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), title.length));
  const cell = (text: string, column: number) =>
    numeric.has(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0);
  return [head, ...rows].map((row) => row.map(cell).join('  ').trimEnd());
}
