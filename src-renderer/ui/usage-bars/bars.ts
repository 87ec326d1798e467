export interface UsageDay {
  /** A date without a time: 2026-11-23. */
  day: string;
  /** Bytes. */
  moved: number;
  saved: number;
}

export interface Bar {
  day: UsageDay;
  /** Upper edges and heights, in the unit of the given size. The saved part stands on the moved one. */
  x: number;
  width: number;
  moved: { y: number; height: number };
  saved: { y: number; height: number };
}

export function barsOf(days: readonly UsageDay[], top: number, width: number, height: number): Bar[] {
  if (days.length === 0) return [];
  const pitch = width / days.length;
  const gap = Math.min(3, pitch / 4);
  const scale = (bytes: number) => {
    if (bytes <= 0 || top <= 0) return 0;
    // What is there is seen, however little it is beside the others.
    return Math.max(1, (bytes / top) * height);
  };
  return days.map((day, index) => {
    const moved = scale(day.moved);
    const saved = Math.min(scale(day.saved), height - moved);
    return {
      day,
      x: index * pitch + gap / 2,
      width: pitch - gap,
      moved: { y: height - moved, height: moved },
      saved: { y: height - moved - saved, height: saved },
    };
  });
}

/** The upper end of the axis: 1, 1.5, 2, 3, 4, 6, 8 … of a binary unit, so that its half is a round figure too. */
export function topOf(days: readonly UsageDay[]): number {
  const most = Math.max(0, ...days.map(({ moved, saved }) => moved + saved));
  if (most <= 0) return 0;
  const power = 2 ** Math.ceil(Math.log2(most));
  return most <= power * 0.75 ? power * 0.75 : power;
}

export function sumOf(days: readonly UsageDay[]): { moved: number; saved: number } {
  return days.reduce((sum, { moved, saved }) => ({ moved: sum.moved + moved, saved: sum.saved + saved }), { moved: 0, saved: 0 });
}
