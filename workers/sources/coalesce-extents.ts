import type { SourceExtent } from '../blocks/block-source.ts';

/** Appends an extent, joining it with the last one where both are of a kind. Extents must come in order, without gaps. */
export function appendExtent(extents: SourceExtent[], next: SourceExtent): void {
  const last = extents.at(-1);
  if (last !== undefined && last.kind === next.kind && last.offset + last.length === next.offset) last.length += next.length;
  else if (next.length > 0) extents.push({ ...next });
}
