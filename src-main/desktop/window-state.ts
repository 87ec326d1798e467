import type { Rectangle } from 'electron';

export interface WindowState {
  bounds: Rectangle;
  maximized: boolean;
}

/** Pixels. Below that the client is not laid out. */
export const smallest = { width: 900, height: 600 };
const usual = { width: 1280, height: 820 };

/** Where the window opens: as it was left, but never where no display shows it. Without a place the system chooses one. */
export function placeWindow(kept: unknown, displays: readonly Rectangle[]): Partial<Rectangle> & { width: number; height: number } {
  const bounds = (kept as Partial<WindowState> | undefined)?.bounds;
  const numbers = bounds && [bounds.x, bounds.y, bounds.width, bounds.height];
  if (!bounds || !numbers?.every((number) => Number.isInteger(number) && Math.abs(number) < 100_000)) return fitted(usual, displays[0]);
  // Its title bar must be where it can be taken hold of.
  const shown = displays.find(
    ({ x, y, width, height }) =>
      bounds.x + bounds.width - 100 >= x && bounds.x + 100 <= x + width && bounds.y >= y && bounds.y + 50 <= y + height,
  );
  const size = fitted(bounds, shown ?? displays[0]);
  return shown ? { ...size, x: bounds.x, y: bounds.y } : size;
}

function fitted(size: { width: number; height: number }, display: Rectangle | undefined): { width: number; height: number } {
  const within = (wanted: number, least: number, most: number | undefined) => Math.max(least, Math.min(wanted, most ?? wanted));
  return {
    width: within(size.width, smallest.width, display?.width),
    height: within(size.height, smallest.height, display?.height),
  };
}
