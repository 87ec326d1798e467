import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Extent } from '../protocol.ts';
import { coalesce, coalesceTable, fromTable, intersect, splitForTasks, TASK_ALIGNMENT, toTable, totalLength, widen } from './extents.ts';

// The same in every run of the suite; `npm run test:soak` takes others.
fc.configureGlobal({ seed: Number(process.env.OCTOPUS_SEED ?? 20_260_401) });

const extent = fc.record({ offset: fc.nat(200), length: fc.nat(20) });
const bytesOf = (extents: Extent[]): Set<number> =>
  new Set(extents.flatMap(({ offset, length }) => Array.from({ length }, (_, i) => offset + i)));
const apart = (extents: Extent[]): boolean =>
  extents.every((one, i) => one.length > 0 && (i === 0 || extents[i - 1]!.offset + extents[i - 1]!.length < one.offset));

describe('extents', () => {
  it('coalesces any list into the same bytes', () => {
    fc.assert(
      fc.property(fc.array(extent), (list) => {
        const out = coalesce(list);
        expect(apart(out)).toBe(true);
        expect(bytesOf(out)).toEqual(bytesOf(list));
      }),
    );
  });

  it('widens to the unit, no more and no less, and never beyond the size', () => {
    fc.assert(
      fc.property(fc.array(extent), fc.constantFrom(1, 8, 64), (list, unit) => {
        const size = 230;
        const out = fromTable(widen(toTable(coalesce(list)), unit, size));
        expect(apart(out)).toBe(true);
        const units = new Set([...bytesOf(list)].map((byte) => Math.floor(byte / unit)));
        const expected = [...units].flatMap((one) => Array.from({ length: unit }, (_, i) => one * unit + i)).filter((byte) => byte < size);
        expect(bytesOf(out)).toEqual(new Set(expected));
      }),
    );
  });

  it('intersects', () => {
    fc.assert(
      fc.property(fc.array(extent), extent, (list, range) => {
        const out = fromTable(intersect(toTable(coalesce(list)), range));
        const wanted = bytesOf([range]);
        expect(bytesOf(out)).toEqual(new Set([...bytesOf(list)].filter((byte) => wanted.has(byte))));
      }),
    );
  });

  it('deals stretches to tasks: nothing lost, nothing twice, no stretch shared', () => {
    const unit = TASK_ALIGNMENT / 4;
    fc.assert(
      fc.property(fc.array(extent), fc.integer({ min: 1, max: 5 }), (list, tasks) => {
        const table = toTable(coalesce(list).map(({ offset, length }) => ({ offset: offset * unit, length: length * unit })));
        const parts = splitForTasks(table, 300 * unit, tasks);
        expect(parts.length).toBeLessThanOrEqual(tasks);
        expect(coalesce(parts.flatMap(fromTable))).toEqual(fromTable(table));
        expect(parts.reduce((sum, part) => sum + totalLength(part), 0)).toBe(totalLength(table));
        if (tasks > 1) {
          const owners = parts.map((part) => new Set(fromTable(part).flatMap(({ offset, length }) => stretches(offset, length))));
          expect(new Set(owners.flatMap((owner) => [...owner])).size).toBe(owners.reduce((sum, owner) => sum + owner.size, 0));
        }
      }),
    );
  });

  it('spreads a whole disk evenly', () => {
    const sizes = splitForTasks(undefined, 1000 * TASK_ALIGNMENT + 512, 3).map(totalLength);
    expect(sizes.reduce((a, b) => a + b)).toBe(1000 * TASK_ALIGNMENT + 512);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(TASK_ALIGNMENT);
    expect(splitForTasks(undefined, 0, 3)).toEqual([]);
  });

  it('plans a million extents, unsorted', () => {
    const table = new Float64Array(2_000_000);
    for (let i = 0; i < 1_000_000; i++) {
      table[2 * i] = ((i * 7919) % 1_000_000) * 3 * 65536;
      table[2 * i + 1] = 65536;
    }
    const parts = splitForTasks(widen(coalesceTable(table), 1024 * 1024, 2 ** 45), 2 ** 45, 4);
    expect(parts.length).toBe(4);
  });
});

function stretches(offset: number, length: number): number[] {
  const first = Math.floor(offset / TASK_ALIGNMENT);
  return Array.from({ length: Math.ceil((offset + length) / TASK_ALIGNMENT) - first }, (_, i) => first + i);
}
