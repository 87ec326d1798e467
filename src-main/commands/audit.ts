import { once } from 'node:events';
import { join } from 'node:path';
import { checkFilter } from '../audit/audit.ts';
import { type ExportFormat, exportActivity } from '../audit/export-activity.ts';
import { verifyChain } from '../audit/verify-chain.ts';
import { openActivity } from '../store/open-activity.ts';
import type { ActivityRepository } from '../store/repositories/activity-logs.ts';
import { type Command, type OptionTable, seeHelp, type Terminal, usageError } from './command.ts';
import { type OptionValues, parseOptions, required } from './parse-options.ts';

const usage = 'verify|export --data DIR [--noted HASH] [--json] [--format csv|json] [--from TIME] [--to TIME]';

const options = {
  data: { value: 'DIR', help: 'folder of octopus.db; it is only read, so Octopus may be running' },
  noted: {
    value: 'HASH',
    help: 'verify: a head hash that an earlier verify printed; fails when the log does not hold it any more',
  },
  json: { help: 'verify: writes the result to standard output as JSON' },
  format: {
    value: 'csv|json',
    help: 'export: CSV (RFC 4180; what a spreadsheet would take for a formula has an apostrophe before it),\nor one JSON object a line with the hashes (default: json)',
  },
  from: { value: 'TIME', help: 'export: entries not before it, e.g. 2026-01-31 or 2026-01-31T12:00:00Z; UTC unless it has a zone' },
  to: { value: 'TIME', help: 'export: entries before it' },
} as const satisfies OptionTable;

export const auditCommand: Command & { options: typeof options } = {
  name: 'audit',
  usage,
  summary: 'Proves that no entry of the activity log was changed, removed or moved; or writes the log out, oldest first.',
  operands: { 'verify|export': 'what to do with the log' },
  options,
  async run(args, terminal) {
    const { values, operands } = parseOptions(auditCommand, args);
    const [act, ...surplus] = operands;
    if (act !== 'verify' && act !== 'export') throw usageError('arguments', `Give verify or export; ${seeHelp('audit')}.`);
    if (surplus.length > 0) throw usageError('arguments', `'${surplus[0]}' is one argument too many; ${seeHelp('audit')}.`);
    const data = required(auditCommand, values, 'data');
    const others = act === 'verify' ? (['format', 'from', 'to'] as const) : (['noted', 'json'] as const);
    const wrong = others.find((name) => values[name] !== undefined);
    if (wrong) throw usageError(wrong, `--${wrong} does not belong to octopus audit ${act}; ${seeHelp('audit')}.`);
    const path = join(data, 'octopus.db');
    return act === 'verify' ? verify(path, values, terminal) : writeOut(path, values, terminal);
  },
};

async function verify(path: string, values: OptionValues<typeof options>, terminal: Terminal): Promise<number> {
  const noted = values.noted?.toLowerCase();
  if (noted !== undefined && !/^[0-9a-f]{64}$/.test(noted)) throw usageError('noted', '--noted HASH is 64 hex digits.');
  await using opened = await openActivity(path);
  const onProgress = (checked: number) => terminal.status(`${entries(checked)} …`);
  const report = await verifyChain(opened.activity, { noted, signal: terminal.signal, onProgress });
  if (values.json) terminal.out(JSON.stringify(report, undefined, 2));
  else if (report.whole) terminal.out(`The chain is whole: ${entries(report.entries)}, head ${report.head}`);
  else {
    terminal.err(`The chain is BROKEN at entry ${report.broken?.id}: ${report.broken?.message}`);
    terminal.err(`${entries(report.entries)} before it ${report.entries === 1 ? 'holds' : 'hold'}.`);
  }
  return report.whole ? 0 : 1;
}

async function writeOut(path: string, values: OptionValues<typeof options>, terminal: Terminal): Promise<number> {
  const filter = checkFilter({ from: values.from, to: values.to });
  const format = formatOf(values.format);
  await using opened = await openActivity(path);
  const activity: ActivityRepository = opened.activity;
  for await (const record of exportActivity(activity, format, filter, terminal.signal)) {
    terminal.out(record.slice(0, -1));
    // A reader that is slower than we are must not fill our memory.
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
  }
  return 0;
}

function formatOf(text = 'json'): ExportFormat {
  if (text === 'csv' || text === 'json') return text;
  throw usageError('format', `'${text}' is no format: give csv or json.`);
}

function entries(number: number): string {
  return `${number} ${number === 1 ? 'entry' : 'entries'}`;
}
