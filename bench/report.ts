export interface Row {
  disk: string;
  what: string;
  /** Median. */
  seconds: number;
  /** Bytes. */
  peak?: number;
}

export interface Bar {
  what: string;
  value: string;
  met: boolean;
}

const MiB = 1024 * 1024;

export function bars(
  full: { where: string; rows: Row[] }[],
  incremental: Row[],
  planningSeconds: number,
  inventorySeconds: number,
  listing: { what: string; seconds: number }[],
): Bar[] {
  const seconds = (rows: Row[], disk: string, what: string): number =>
    rows.find((row) => row.disk === disk && row.what === what)?.seconds ?? Number.NaN;
  const found: Bar[] = [];
  const ratio = (what: string, value: number, least: number): void => {
    found.push({ what: `${what}, at least ${least.toFixed(2)}`, value: value.toFixed(2), met: value >= least });
  };
  for (const { where, rows } of full) {
    for (const disk of ['half data', 'nearly empty']) {
      const nbdcopy = seconds(rows, disk, 'nbdcopy');
      const qemu = seconds(rows, disk, 'qemu-img convert');
      const plain = seconds(rows, disk, 'octopus');
      const proven = seconds(rows, disk, 'octopus with manifest');
      ratio(`${disk} to ${where}: speed over nbdcopy`, nbdcopy / plain, 1);
      ratio(`${disk} to ${where}: speed over nbdcopy, with manifest`, nbdcopy / proven, 0.9);
      const durable = seconds(rows, disk, 'nbdcopy --flush');
      ratio(`${disk} to ${where}: speed over nbdcopy --flush`, durable / plain, 1);
      ratio(`${disk} to ${where}: speed over nbdcopy --flush, with manifest`, durable / proven, 0.9);
      ratio(`${disk} to ${where}: speed over qemu-img convert`, qemu / plain, 1);
      ratio(`${disk} to ${where}: speed over qemu-img convert, with manifest`, qemu / proven, 1);
    }
  }
  const part = seconds(incremental, 'half data', '1 % of the blocks changed') / seconds(incremental, 'half data', 'full run');
  found.push({
    what: 'an incremental run with 1 % changed, of the full one, under 5 %',
    value: `${(part * 100).toFixed(1)} %`,
    met: part < 0.05,
  });
  const all = full.flatMap(({ rows }) => rows);
  const peak = Math.max(...all.filter(({ what }) => what.startsWith('octopus')).map((row) => row.peak ?? Number.POSITIVE_INFINITY));
  found.push({ what: 'peak memory of octopus, under 300 MiB', value: `${Math.round(peak / MiB)} MiB`, met: peak < 300 * MiB });
  found.push({ what: 'planning 1,000,000 extents, under 1 s', value: `${planningSeconds.toFixed(2)} s`, met: planningSeconds < 1 });
  found.push({ what: '5,000 machines listed, under 3 s', value: `${inventorySeconds.toFixed(2)} s`, met: inventorySeconds < 3 });
  for (const { what, seconds: took } of listing) {
    const value = `${(took * 1000).toFixed(1)} ms`;
    found.push({ what: `10,000 machines, ${what}, 95th percentile under 50 ms`, value, met: took < 0.05 });
  }
  return found;
}

export function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]): string => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}

export function rowsOf(rows: Row[]): string[][] {
  return rows.map(({ disk, what, seconds, peak }) => [
    disk,
    what,
    `${seconds.toFixed(3)} s`,
    peak === undefined ? '' : `${Math.round(peak / MiB)} MiB`,
  ]);
}
