import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeFlags } from '../scripts/node-flags.mjs';
import { makeHalfFull, makeNearlyEmpty, serve } from './disks.ts';
import { type Measured, measure, median } from './measure.ts';
import type { Row } from './report.ts';

/** Only Octopus and `nbdcopy --flush` end with the data on the device; the others leave it to the page cache. */
export type Peer = 'octopus' | 'octopus with manifest' | 'nbdcopy' | 'nbdcopy --flush' | 'qemu-img convert';

/**
 * Each peer copies each disk from the same nbdkit, which has it in `sourceFolder`, to a new raw file in `folder`, as a process of its own;
 * they take turns, in another order each round.
 */
export async function fullCopies(
  sourceFolder: string,
  folder: string,
  cli: string,
  rounds: number,
  say: (line: string) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, make } of [
    { name: 'half data', make: makeHalfFull },
    { name: 'nearly empty', make: makeNearlyEmpty },
  ]) {
    const disk = join(sourceFolder, 'disk.raw');
    const target = join(folder, 'target.raw');
    const manifest = join(folder, 'manifest');
    await make(disk);
    await using served = await serve(disk);
    const commands: Record<Peer, [string, string[]]> = {
      octopus: [process.execPath, [...nodeFlags, cli, 'copy', served.uri, target]],
      'octopus with manifest': [process.execPath, [...nodeFlags, cli, 'copy', served.uri, target, '--manifest', manifest]],
      nbdcopy: ['nbdcopy', [served.uri, target]],
      'nbdcopy --flush': ['nbdcopy', ['--flush', served.uri, target]],
      'qemu-img convert': ['qemu-img', ['convert', '-f', 'raw', '-O', 'raw', `nbd+unix:///?socket=${served.socket}`, target]],
    };
    const peers = Object.keys(commands) as Peer[];
    const measured = new Map<Peer, Measured[]>(peers.map((peer) => [peer, []]));
    // One round more, which only warms up and checks that each target is the disk.
    for (let round = 0; round <= rounds; round++) {
      for (let turn = 0; turn < peers.length; turn++) {
        const peer = peers[(turn + round) % peers.length] as Peer;
        await Promise.all([target, manifest].map((path) => rm(path, { force: true })));
        const result = await measure(...commands[peer]);
        if (round === 0) await measure('cmp', [disk, target]);
        else measured.get(peer)?.push(result);
      }
      if (round > 0) say(`${name}: round ${round} of ${rounds}`);
    }
    for (const peer of peers) {
      const results = measured.get(peer) as Measured[];
      rows.push({
        disk: name,
        what: peer,
        seconds: median(results.map(({ seconds }) => seconds)),
        peak: Math.max(...results.map(({ peak }) => peak)),
      });
    }
    await Promise.all([disk, target, manifest].map((path) => rm(path, { force: true })));
  }
  return rows;
}
