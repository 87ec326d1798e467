/** How fast a migration's runs, and all runs together, may read. Both may change while they do, and count at once. */
export interface Bandwidth {
  /** Bytes a second, shared by whatever the migration's runs have going on at a time; 0 or undefined: none. */
  set(jobId: string, bytesPerSecond: number | undefined): void;
  /** What a run knew of its migration when it began. Counts only where nothing was set since: that is newer. */
  begin(jobId: string, bytesPerSecond: number | undefined): void;
  /** `control` is told each new share; the first is answered. */
  join(jobId: string, control: (bytesPerSecond: number | undefined) => void): { share: number | undefined; leave(): void };
  /** What all may read together has changed. */
  retune(): void;
}

type Control = (bytesPerSecond: number | undefined) => void;

/** `ofAll`: bytes a second that all tasks share, read at each use; undefined is unlimited. */
export function createBandwidth(ofAll: () => number | undefined): Bandwidth {
  const limits = new Map<string, number>();
  const members = new Map<string, Set<Control>>();
  let count = 0;

  function shareOf(jobId: string): number | undefined {
    const shares = [];
    const [own, all] = [limits.get(jobId), ofAll()];
    if (own !== undefined) shares.push(own / Math.max(1, members.get(jobId)?.size ?? 1));
    if (all !== undefined) shares.push(all / Math.max(1, count));
    return shares.length === 0 ? undefined : Math.max(1, Math.floor(Math.min(...shares)));
  }

  function tell(jobId: string, but?: Control): void {
    const share = shareOf(jobId);
    for (const control of members.get(jobId) ?? []) if (control !== but) control(share);
  }

  function tellAll(but?: Control): void {
    for (const jobId of members.keys()) tell(jobId, but);
  }

  /** One came or went: those that share with it have another share now. */
  function regroup(jobId: string, but?: Control): void {
    if (ofAll() !== undefined) tellAll(but);
    else if (limits.has(jobId)) tell(jobId, but);
  }

  const changed = new Set<string>();
  function put(jobId: string, bytesPerSecond: number | undefined): void {
    const before = limits.get(jobId);
    if (bytesPerSecond) limits.set(jobId, bytesPerSecond);
    else limits.delete(jobId);
    if (before !== limits.get(jobId)) tell(jobId);
  }

  return {
    set(jobId, bytesPerSecond) {
      changed.add(jobId);
      put(jobId, bytesPerSecond);
    },
    begin(jobId, bytesPerSecond) {
      if (!changed.has(jobId)) put(jobId, bytesPerSecond);
    },
    join(jobId, control) {
      const all = members.get(jobId) ?? new Set();
      members.set(jobId, all.add(control));
      count++;
      regroup(jobId, control);
      return {
        share: shareOf(jobId),
        leave() {
          if (!all.delete(control)) return;
          count--;
          // Others may have come back to a set of their own.
          if (all.size === 0 && members.get(jobId) === all) members.delete(jobId);
          regroup(jobId);
        },
      };
    },
    retune: () => tellAll(),
  };
}
