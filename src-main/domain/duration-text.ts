const units = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** `1 min 12 s`: the two largest units that count, for sentences that are stored. Milliseconds are given. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const parts = units.map(
    ([unit, size], index) => [Math.floor((index === 0 ? seconds : seconds % units[index - 1]![1]) / size), unit] as const,
  );
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return milliseconds > 0 ? 'less than a second' : '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}
