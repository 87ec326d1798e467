/** What a cell of the map can be. The number in the given bytes is the place in this list: the contract's, a test compares the two. */
export const cellStates = ['unknown', 'waiting', 'copied', 'zero', 'unchanged', 'changed-again', 'verified'] as const;
export type CellState = (typeof cellStates)[number];

/** The order people read them in: what is safe, what is there, what is still to be done. */
export const legendOrder: readonly CellState[] = ['verified', 'copied', 'zero', 'unchanged', 'changed-again', 'waiting', 'unknown'];

/** A number that a newer server knows and we do not is shown as unknown. */
export function cellState(code: number | undefined): CellState {
  return cellStates[code ?? -1] ?? 'unknown';
}

/** Codes of cells, one byte each. */
export function codesOf(states: readonly CellState[]): Uint8Array {
  return Uint8Array.from(states, (state) => cellStates.indexOf(state));
}
