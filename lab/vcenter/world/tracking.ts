import { grainSize } from './layer.ts';
import type { Random } from './random.ts';
import { mix } from './random.ts';
import type { ChangedArea } from './types.ts';

/** Change tracking of one disk: which grains were written in which stretch between two snapshots. */
export interface Tracking {
  uuid: string;
  /** Number of the stretch that is being written now. */
  sequence: number;
  /** Grains written, by stretch. */
  stretches: Map<number, Set<number>>;
  /** Begun while snapshots existed: unsupported by vSphere, and what it then answers misses changes without a word. */
  begunWithSnapshots: boolean;
}

export interface ParsedChangeId {
  uuid: string;
  sequence: number;
}

export function beginTracking(random: Random, withSnapshots: boolean): Tracking {
  // Change ids carry the uuid in VMware's own form: 16 pairs, a dash in the middle.
  const hex = random.uuid().replaceAll('-', '').match(/../g)!;
  return {
    uuid: `${hex.slice(0, 8).join(' ')}-${hex.slice(8).join(' ')}`,
    sequence: 1,
    stretches: new Map(),
    begunWithSnapshots: withSnapshots,
  };
}

export function changeIdOf(tracking: Tracking): string {
  return `${tracking.uuid}/${tracking.sequence}`;
}

export function parseChangeId(text: string): ParsedChangeId | undefined {
  const match = /^([0-9a-f]{2}(?: [0-9a-f]{2}){7}-[0-9a-f]{2}(?: [0-9a-f]{2}){7})\/(\d{1,15})$/.exec(text);
  return match === null ? undefined : { uuid: match[1]!, sequence: Number(match[2]) };
}

/** Each snapshot taken or removed closes a stretch. */
export function nextStretch(tracking: Tracking): void {
  tracking.sequence++;
}

export function trackWrite(tracking: Tracking, first: number, last: number): void {
  let written = tracking.stretches.get(tracking.sequence);
  if (written === undefined) {
    written = new Set();
    tracking.stretches.set(tracking.sequence, written);
  }
  for (let grain = first; grain <= last; grain++) {
    if (tracking.begunWithSnapshots && mix(grain, tracking.sequence) % 3 === 0) continue;
    written.add(grain);
  }
}

/**
 * Drops what no question can ask for any more: of the stretches that no snapshot parts, only the last write of a grain counts. Otherwise a
 * world that is kept for long would grow with each run.
 */
export function forgetCovered(tracking: Tracking, snapshots: readonly { changeId: string | undefined }[]): void {
  const ends = snapshots.flatMap(({ changeId }) => {
    const end = parseChangeId(changeId ?? '');
    return end?.uuid === tracking.uuid ? [end.sequence] : [];
  });
  let [seen, part] = [new Set<number>(), -1];
  for (const [sequence, written] of [...tracking.stretches].sort(([a], [b]) => b - a)) {
    const own = ends.filter((end) => end >= sequence).length;
    if (own !== part) [seen, part] = [new Set(), own];
    for (const grain of written) {
      if (seen.has(grain)) written.delete(grain);
      else seen.add(grain);
    }
    if (written.size === 0) tracking.stretches.delete(sequence);
  }
}

/** What a snapshot taken during a consolidation costs: the current stretch is forgotten. */
export function loseStretch(tracking: Tracking): void {
  tracking.stretches.delete(tracking.sequence);
}

/** Areas written after `since` up to and including stretch `until`, sorted, coalesced, cut at `capacity`. */
export function changedSince(tracking: Tracking, since: number, until: number, capacity: number): ChangedArea[] {
  const grains = new Set<number>();
  for (const [sequence, written] of tracking.stretches) {
    if (sequence > since && sequence <= until) for (const grain of written) grains.add(grain);
  }
  return grainsToAreas(
    [...grains].sort((a, b) => a - b),
    capacity,
  );
}

export function grainsToAreas(sorted: number[], capacity: number): ChangedArea[] {
  const areas: ChangedArea[] = [];
  for (const grain of sorted) {
    const start = grain * grainSize;
    if (start >= capacity) break;
    const last = areas[areas.length - 1];
    if (last !== undefined && last.start + last.length === start) last.length += grainSize;
    else areas.push({ start, length: grainSize });
  }
  const last = areas[areas.length - 1];
  if (last !== undefined) last.length = Math.min(last.length, capacity - last.start);
  return areas;
}
