import type { Cutover } from '../../domain/cutover.ts';
import type { BootObservation } from '../../providers/target.ts';
import type { RunReport } from '../../replication/context.ts';

export interface DemoRun {
  step: string;
  machine: string;
  kind: string;
  seconds: number;
  doubts: string[];
  capacity: number;
  read: number;
  sent: number;
  zero: number;
  unchanged: number;
  verified: number;
  roots: string[];
  recoveryPoint: string;
}

/** What `--json` writes. Bytes and seconds. */
export interface DemoReport {
  proven: boolean;
  seconds: number;
  runs: DemoRun[];
  boots: { machine: string; passed: boolean; evidence: string; seconds: number }[];
  cutover?: { machine: string; poweredOff: string | undefined; downtimeSeconds: number; comparedBytes: number; undone: string[] };
  leftOut: string[];
  snapshotsLeft: number;
}

export function describeRun(step: string, machine: string, { run, disks, point }: RunReport): DemoRun {
  const { read, sent, zero, unchanged, verified } = run.counts;
  return {
    step,
    machine,
    kind: run.kind,
    seconds: (Date.parse(run.endedAt ?? run.startedAt) - Date.parse(run.startedAt)) / 1000,
    doubts: point.doubts,
    capacity: disks.reduce((sum, disk) => sum + disk.capacity, 0),
    read,
    sent,
    zero,
    unchanged,
    verified,
    roots: point.disks.map((disk) => disk.manifestRoot),
    recoveryPoint: point.id,
  };
}

export function describeBoot(machine: string, seen: BootObservation): DemoReport['boots'][number] {
  return { machine, passed: seen.passed, evidence: seen.evidence, seconds: seen.tookMs / 1000 };
}

/** Seconds between the source's going down and the machine's start at the target, as the phases were stored. */
export function downtime(cutover: Cutover, poweredOffAt: number): number {
  return Math.max(0, (Date.parse(cutover.endedAt ?? cutover.startedAt) - poweredOffAt) / 1000);
}

export function runLine(run: DemoRun): string {
  const proof = run.verified >= run.capacity ? 'every block read back' : `${mebibytes(run.verified)} read back`;
  return [
    run.machine.padEnd(6),
    run.kind.padEnd(12),
    `${mebibytes(run.read).padStart(9)} read`,
    `${mebibytes(run.sent).padStart(9)} sent`,
    `${run.seconds.toFixed(1).padStart(6)} s`,
    ` ${proof} ✓`,
    ` ${run.roots.map((root) => root.slice(0, 12)).join(' ')}`,
  ].join('  ');
}

export function mebibytes(bytes: number): string {
  const value = bytes / 2 ** 20;
  return `${value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1)} MiB`;
}
