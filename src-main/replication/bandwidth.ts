/** The limit of a whole migration, shared by whatever its runs have going on at a time. It may change while they do. */
export interface Bandwidth {
  /** Bytes a second; 0 or undefined: none. Counts at once. */
  set(jobId: string, bytesPerSecond: number | undefined): void;
  /** What a run knew of its migration when it began. Counts only where nothing was set since: that is newer. */
  begin(jobId: string, bytesPerSecond: number | undefined): void;
  /** `control` is told each new share; the first is answered. */
  join(jobId: string, control: (bytesPerSecond: number | undefined) => void): { share: number | undefined; leave(): void };
}

/** `perTask` is the most of each single task, read at each use; undefined is unlimited. */
export function createBandwidth(perTask: () => number | undefined): Bandwidth {
  const limits = new Map<string, number>();
  const members = new Map<string, Set<(bytesPerSecond: number | undefined) => void>>();

  function shareOf(jobId: string): number | undefined {
    const whole = limits.get(jobId);
    const most = perTask();
    if (whole === undefined) return most;
    const share = Math.max(1, Math.floor(whole / Math.max(1, members.get(jobId)?.size ?? 1)));
    return most === undefined ? share : Math.min(share, most);
  }

  function tell(jobId: string, but?: unknown): void {
    const share = shareOf(jobId);
    for (const control of members.get(jobId) ?? []) if (control !== but) control(share);
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
      if (limits.has(jobId)) tell(jobId, control);
      return {
        share: shareOf(jobId),
        leave() {
          all.delete(control);
          if (all.size === 0) members.delete(jobId);
          else if (limits.has(jobId)) tell(jobId);
        },
      };
    },
  };
}
