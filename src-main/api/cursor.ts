import { OctopusError } from '../../workers/octopus-error.ts';

/** The place of an item in a listing, as text that goes through addresses. */
export function writeCursor(place: (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** `argument.invalid` unless it is one that writeCursor made with these types. */
export function readCursor<const Types extends readonly ('string' | 'number' | 'either')[]>(
  cursor: string | undefined,
  types: Types,
):
  | { [Index in keyof Types]: Types[Index] extends 'string' ? string : Types[Index] extends 'number' ? number : string | number }
  | undefined {
  if (cursor === undefined) return undefined;
  const place = parse(cursor);
  const fits =
    Array.isArray(place) &&
    place.length === types.length &&
    types.every((type, index) => {
      const found = typeof place[index];
      return type === 'either' ? found === 'string' || found === 'number' : found === type;
    });
  if (!fits) throw new OctopusError('argument.invalid', 'The cursor must be one that the page before answered.', { field: 'cursor' });
  return place as never;
}

/** Either says where a page begins. */
export function refuseBoth(cursor: string | undefined, position: number | undefined): void {
  if (cursor === undefined || position === undefined) return;
  throw new OctopusError('argument.invalid', 'A page begins after a cursor or at a position, not at both.', { field: 'position' });
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** One more than asked for was read: it tells whether there is another page. */
export function pageOf<Item>(found: Item[], limit: number, place: (last: Item) => (string | number)[]): { items: Item[]; next?: string } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return found.length > limit && last !== undefined ? { items, next: writeCursor(place(last)) } : { items };
}
