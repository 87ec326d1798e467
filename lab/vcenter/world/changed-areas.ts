import type { ChangedArea, ChangedAreasPage } from './types.ts';

/**
 * One page out of all areas. A page ends after `pageSize` areas (at the end of the last one), or after `window` bytes, whichever
 * comes first; an area that reaches over its end is cut and goes on in the next page. So a page may be empty though more follows.
 */
export function pageOf(areas: ChangedArea[], startOffset: number, capacity: number, pageSize: number, window: number): ChangedAreasPage {
  let end = Math.min(capacity, startOffset + window);
  const changedArea: ChangedArea[] = [];
  for (let index = firstEndingAfter(areas, startOffset); index < areas.length; index++) {
    const area = areas[index]!;
    if (area.start >= end) break;
    if (changedArea.length === pageSize) {
      const last = changedArea[changedArea.length - 1]!;
      end = last.start + last.length;
      break;
    }
    const start = Math.max(area.start, startOffset);
    changedArea.push({ start, length: Math.min(area.start + area.length, end) - start });
  }
  return { startOffset, length: end - startOffset, changedArea };
}

function firstEndingAfter(areas: ChangedArea[], offset: number): number {
  let low = 0;
  let high = areas.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (areas[middle]!.start + areas[middle]!.length > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}
