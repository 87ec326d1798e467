import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeId } from '../../domain/machine.ts';
import { baselineDoubt, type ChangedPage, collectChangedExtents } from './changed-extents.ts';

/** Answers pages by their order, whatever is asked, and notes what was asked. */
function scripted(pages: ChangedPage[]) {
  const asked: number[] = [];
  const fetch = async (offset: number): Promise<ChangedPage> => {
    asked.push(offset);
    const page = pages[asked.length - 1];
    if (page === undefined) throw new Error(`asked once too often, at ${offset}`);
    return page;
  };
  return { asked, fetch };
}

describe('pages of changed areas', () => {
  it('goes on after empty pages and stops before the capacity', async () => {
    const { asked, fetch } = scripted([
      { startOffset: 0, length: 400 },
      { startOffset: 400, length: 200, changedArea: [] },
      { startOffset: 600, length: 400, changedArea: [{ start: 990, length: 10 }] },
    ]);
    expect(await collectChangedExtents(1000, fetch)).toEqual({ extents: [{ offset: 990, length: 10 }] });
    expect(asked).toEqual([0, 400, 600]);
  });

  it('joins areas that touch, also across pages', async () => {
    const { fetch } = scripted([
      {
        startOffset: 0,
        length: 500,
        changedArea: [
          { start: 100, length: 100 },
          { start: 200, length: 300 },
        ],
      },
      {
        startOffset: 500,
        length: 500,
        changedArea: [
          { start: 500, length: 1 },
          { start: 600, length: 2 },
        ],
      },
    ]);
    expect(await collectChangedExtents(1000, fetch)).toEqual({
      extents: [
        { offset: 100, length: 401 },
        { offset: 600, length: 2 },
      ],
    });
  });

  it('asks nothing of an empty disk', async () => {
    expect(await collectChangedExtents(0, async () => Promise.reject(new Error('asked')))).toEqual({ extents: [] });
  });

  const doubtful: [string, ChangedPage[], RegExp][] = [
    [
      'a gap between pages',
      [
        { startOffset: 0, length: 100 },
        { startOffset: 200, length: 800 },
      ],
      /asked for at byte 100 begins at byte 200/,
    ],
    [
      'a page that goes back',
      [
        { startOffset: 0, length: 100 },
        { startOffset: 50, length: 950 },
      ],
      /begins at byte 50/,
    ],
    ['a page without progress', [{ startOffset: 0, length: 0 }], /covers 0 bytes/],
    ['a page of negative length', [{ startOffset: 0, length: -5 }], /covers -5 bytes/],
    ['a page of no number', [{ startOffset: 0, length: Number.NaN }], /covers NaN bytes/],
    ['a page beyond the capacity', [{ startOffset: 0, length: 1001 }], /beyond the disk's 1000 bytes/],
    [
      'an area before its page',
      [
        { startOffset: 0, length: 500 },
        { startOffset: 500, length: 500, changedArea: [{ start: 499, length: 2 }] },
      ],
      /outside its page/,
    ],
    ['an area beyond its page', [{ startOffset: 0, length: 500, changedArea: [{ start: 499, length: 2 }] }], /outside its page/],
    [
      'areas that overlap',
      [
        {
          startOffset: 0,
          length: 1000,
          changedArea: [
            { start: 0, length: 20 },
            { start: 10, length: 20 },
          ],
        },
      ],
      /overlaps/,
    ],
    [
      'areas out of order',
      [
        {
          startOffset: 0,
          length: 1000,
          changedArea: [
            { start: 50, length: 20 },
            { start: 10, length: 20 },
          ],
        },
      ],
      /precedes/,
    ],
    ['an area of no length', [{ startOffset: 0, length: 1000, changedArea: [{ start: 50, length: 0 }] }], /is none/],
    ['an area that is no number', [{ startOffset: 0, length: 1000, changedArea: [{ start: Number.NaN, length: 5 }] }], /is none/],
  ];
  it.each(doubtful)('doubts %s', async (_what, pages, sentence) => {
    const answer = await collectChangedExtents(1000, scripted(pages).fetch);
    expect(answer.extents).toBeUndefined();
    expect(answer.doubt).toMatch(sentence);
  });

  it('doubts pages without an end, and changes without number', async () => {
    let asked = 0;
    const crumbs = async (startOffset: number) => {
      asked++;
      return { startOffset, length: 1 };
    };
    expect((await collectChangedExtents(2 ** 50, crumbs, { pages: 500 })).doubt).toMatch(/did not end within 500 pages/);
    expect(asked).toBe(500);
    const scattered = async (startOffset: number) => ({
      startOffset,
      length: 100,
      changedArea: Array.from({ length: 50 }, (_, n) => ({ start: startOffset + 2 * n, length: 1 })),
    });
    expect((await collectChangedExtents(2 ** 50, scattered, { extents: 1000 })).doubt).toMatch(/too many areas/);
  });

  it('lets errors of the server through', async () => {
    await expect(collectChangedExtents(10, async () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  });

  it('finds exactly what changed, however it is cut into pages', async () => {
    const cut = fc.uniqueArray(fc.integer({ min: 1, max: 199 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 200, maxLength: 200 }), cut, async (changed, cuts) => {
        const borders = [0, ...cuts.sort((a, b) => a - b), 200];
        const pages = borders.slice(0, -1).map((from, n): ChangedPage => {
          const length = (borders[n + 1] as number) - from;
          const changedArea = [...Array(length).keys()].filter((k) => changed[from + k]).map((k) => ({ start: from + k, length: 1 }));
          return { startOffset: from, length, ...(changedArea.length > 0 ? { changedArea } : {}) };
        });
        const { extents } = await collectChangedExtents(200, scripted(pages).fetch);
        const found = Array<boolean>(200).fill(false);
        let end = -1;
        for (const { offset, length } of extents ?? []) {
          expect(offset).toBeGreaterThan(end); // disjoint and joined where they touch
          end = offset + length;
          found.fill(true, offset, end);
        }
        expect(found).toEqual(changed);
      }),
      { numRuns: 100, seed: Number(process.env.OCTOPUS_SEED ?? 20_260_401) },
    );
  });
});

describe('a baseline', () => {
  const baseline = { changeId: changeId('52 aa/7'), capacity: 100 };
  const now = (id: string | undefined, capacity = 100) => ({ changeId: id === undefined ? undefined : changeId(id), capacity });
  it('holds in the same epoch', () => {
    expect(baselineDoubt('Disk', now('52 aa/9'), baseline)).toBeUndefined();
    expect(baselineDoubt('Disk', now('52 aa/7'), baseline)).toBeUndefined();
  });
  it.each([
    ['tracking that is off', now(undefined), /not tracked/],
    ['another epoch', now('52 bb/9'), /was reset/],
    ['a resized disk', now('52 aa/9', 200), /resized from 100 to 200/],
    ['a sequence that went back', now('52 aa/6'), /went back/],
    ['a change id of another form', now('52 aa/x'), /not uuid\/sequence/],
  ])('is doubted for %s', (_what, disk, sentence) => {
    expect(baselineDoubt('Disk', disk, baseline)).toMatch(sentence);
  });
});
