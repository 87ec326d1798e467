/** `npm run bench`: Octopus beside its peers, in one run. Exit status 1 where a bar is missed. `--rounds N` in place of five. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clientFigures } from './client.ts';
import { desktopBars } from './desktop.ts';
import { benchFolders } from './disks.ts';
import { fullCopies } from './full-copies.ts';
import { incrementalRuns } from './incremental.ts';
import { inventoryTime } from './inventory.ts';
import { machineListing } from './machine-listing.ts';
import { planning } from './planning.ts';
import { bars, type Row, rowsOf, table } from './report.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(values.rounds);
const cli = join(import.meta.dirname, '..', 'dist', 'cli.mjs');
if (!existsSync(cli)) throw new Error('The build is missing: npm run build');
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const { disk, memory } = await benchFolders();
await using onDisk = disk;
await using inMemory = memory;
say(`Disks of 4 GiB in ${inMemory.where}, ${availableParallelism()} cores, medians of ${rounds}.`);
const planned = planning(rounds);
const listed = await inventoryTime(rounds);
const pages = await machineListing();
const full: { where: string; rows: Row[] }[] = [];
for (const { path, where } of new Set([onDisk, inMemory])) {
  say(`To ${where}:`);
  full.push({ where, rows: await fullCopies(inMemory.path, path, cli, rounds, say) });
}
const incremental = await incrementalRuns(inMemory.path, rounds, say);
const client = await clientFigures(say);
const desktop = await desktopBars(rounds, say);
const found = [...bars(full, incremental, planned, listed, pages), ...client, ...desktop];
for (const { where, rows } of full) {
  console.log(`\nFrom nbdkit (file plugin, unix socket) to a raw file on ${where}; whole processes, medians of ${rounds}:\n`);
  console.log(table(['disk', 'copy', 'time', 'peak memory'], rowsOf(rows)));
}
console.log('\nRuns of a replica in the running application:\n');
console.log(table(['disk', 'run', 'time', ''], rowsOf(incremental)));
console.log('');
console.log(
  table(
    ['bar', 'measured', ''],
    found.map(({ what, value, met }) => [what, value, met ? 'met' : 'MISSED']),
  ),
);
process.exitCode = found.every(({ met }) => met) ? 0 : 1;
