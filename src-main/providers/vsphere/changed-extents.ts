import type { Extent } from '../../../workers/protocol.ts';
import { type ChangeId, changeIdEpoch } from '../../domain/machine.ts';
import type { ChangedExtents } from '../source.ts';

/** One answer of QueryChangedDiskAreas, as it came. Bytes. */
export interface ChangedPage {
  startOffset: number;
  /** What the page covers from startOffset on; the areas may be none. */
  length: number;
  changedArea?: { start: number; length: number }[];
}

/** Pages after which the answer counts as endless. Real pages hold about 2,000 areas: this is 20 million of them. */
const MAX_PAGES = 10_000;
/** Extents after which reading everything is the cheaper way. */
const MAX_EXTENTS = 4_000_000;

/**
 * Walks the pages of changed areas over the whole capacity. Peers lost data by stopping at an empty page, by reading the first page
 * only and by adding offsets up wrongly; here whatever does not add up exactly is a doubt, and the caller reads the whole disk.
 */
export async function collectChangedExtents(
  capacity: number,
  fetchPage: (startOffset: number) => Promise<ChangedPage>,
  limits: { pages?: number; extents?: number } = {},
): Promise<ChangedExtents> {
  const maxPages = limits.pages ?? MAX_PAGES;
  const extents: Extent[] = [];
  let offset = 0;
  // Never asked with startOffset equal to the capacity, which faults.
  for (let page = 1; offset < capacity; page++) {
    if (page > maxPages) return { doubt: `The server's list of changes did not end within ${maxPages} pages.` };
    const { startOffset, length, changedArea = [] } = await fetchPage(offset);
    if (startOffset !== offset) return { doubt: `The page of changes asked for at byte ${offset} begins at byte ${startOffset}.` };
    if (!Number.isSafeInteger(length) || length <= 0) return { doubt: `The page of changes at byte ${offset} covers ${length} bytes.` };
    const end = offset + length;
    if (end > capacity) return { doubt: `The page of changes at byte ${offset} ends at byte ${end}, beyond the disk's ${capacity} bytes.` };
    let last = offset;
    for (const area of changedArea) {
      const stop = area.start + area.length;
      if (!Number.isSafeInteger(area.start) || !Number.isSafeInteger(stop) || area.length <= 0) {
        return { doubt: `The page of changes at byte ${offset} names an area that is none: ${area.start}, length ${area.length}.` };
      }
      if (area.start < offset || stop > end) {
        return { doubt: `The changed area at byte ${area.start} (${area.length} bytes) lies outside its page from ${offset} to ${end}.` };
      }
      if (area.start < last) return { doubt: `The changed area at byte ${area.start} overlaps or precedes the one before it.` };
      last = stop;
      const previous = extents[extents.length - 1];
      if (previous !== undefined && previous.offset + previous.length === area.start) previous.length += area.length;
      else extents.push({ offset: area.start, length: area.length });
    }
    if (extents.length > (limits.extents ?? MAX_EXTENTS)) return { doubt: 'The changes are scattered over too many areas to be listed.' };
    offset = end;
  }
  return { extents };
}

const sequence = (id: ChangeId) =>
  /^\d+$/.test(id.slice(id.lastIndexOf('/') + 1)) ? BigInt(id.slice(id.lastIndexOf('/') + 1)) : undefined;

/**
 * Why the baseline cannot be compared with what the disk is now; undefined where it can. Since 6.5 a server answers from the wrong
 * baseline without a word, so the epochs are compared here.
 */
export function baselineDoubt(
  label: string,
  now: { changeId: ChangeId | undefined; capacity: number },
  baseline: { changeId: ChangeId; capacity: number },
): string | undefined {
  if (now.changeId === undefined) return `${label} has no change id: its changes are not tracked.`;
  if (now.capacity !== baseline.capacity)
    return `${label} was resized from ${baseline.capacity} to ${now.capacity} bytes since the last recovery point.`;
  if (changeIdEpoch(now.changeId) !== changeIdEpoch(baseline.changeId)) {
    return `${label} lost its change tracking: it was reset since the last recovery point (power loss, revert, or switched off and on).`;
  }
  const from = sequence(baseline.changeId);
  const to = sequence(now.changeId);
  if (from === undefined || to === undefined) return `The change id of ${label} reads ${now.changeId}, not uuid/sequence.`;
  if (to < from) return `${label} went back behind the last recovery point: its change id is ${now.changeId} after ${baseline.changeId}.`;
  return undefined;
}
