const MOST = 10;

/** A sentence, after a space: which names a person may have meant by one that is not there. All of them where they are few. */
export function nearestNames(name: string, names: readonly string[]): string {
  const told = names.filter((known) => known !== '');
  if (told.length === 0) return '';
  if (told.length <= MOST) return ` Its machines are ${told.sort((a, b) => a.localeCompare(b)).join(', ')}.`;
  const wanted = name.toLowerCase();
  const near = told
    .map((known) => ({ known, far: distance(wanted, known.toLowerCase()) }))
    .filter(({ far }) => far <= Math.ceil(wanted.length / 2))
    .sort((a, b) => a.far - b.far || a.known.localeCompare(b.known, undefined, { numeric: true }));
  if (near.length === 0) return '';
  const few = near.slice(0, MOST).map(({ known }) => known);
  return ` The nearest are ${few.join(', ')}.`;
}

/** How many letters differ, are missing or are too many (Levenshtein); none where one is part of the other, and more than a letter or two. */
function distance(a: string, b: string): number {
  if (b.includes(a) || (b.length > 2 && a.includes(b))) return 0;
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let line = 1; line <= a.length; line++) {
    const next = [line];
    for (let column = 1; column <= b.length; column++) {
      const swapped = (row[column - 1] ?? 0) + (a[line - 1] === b[column - 1] ? 0 : 1);
      next.push(Math.min(swapped, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
