import type { CellState } from './cell-state.ts';

export type Scheme = 'light' | 'dark';

export interface CellColours {
  /** What the eye meets first: at least 3:1 against the page. */
  main: string;
  /** What lies behind it inside the cell; without it the page shows. */
  back?: string;
}

/** The pages the map lies on (the theme's bodies). */
export const pages: Record<Scheme, string> = { light: '#ffffff', dark: '#1a1f24' };

// The accent (teal) is for what is safe, deeper the safer; the one warm colour is for what has to be copied once more.
export const palettes: Record<Scheme, Record<CellState, CellColours>> = {
  light: {
    waiting: { main: '#868e96' },
    copied: { main: '#0b9e90', back: '#a9e5de' },
    zero: { main: '#7a8691' },
    unchanged: { main: '#4c6ef5', back: '#dbe4ff' },
    'changed-again': { main: '#d9480f', back: '#ffd8a8' },
    verified: { main: '#0b544e' },
    unknown: { main: '#868e96', back: '#e9ecef' },
  },
  dark: {
    waiting: { main: '#7d8790' },
    copied: { main: '#0f8378', back: '#123b38' },
    zero: { main: '#939da6' },
    unchanged: { main: '#748ffc', back: '#2c3566' },
    'changed-again': { main: '#ff922b', back: '#5c3410' },
    verified: { main: '#48c9b8' },
    unknown: { main: '#939da6', back: '#3b3b3b' },
  },
};

export function channels(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** Contrast of two colours by WCAG 2.2: 1 to 21. */
export function contrast(one: string, other: string): number {
  const luminance = (colour: string) => {
    const [red, green, blue] = channels(colour).map((channel) => {
      const part = channel / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (high + 0.05) / (low + 0.05);
}
