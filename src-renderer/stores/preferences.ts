import { create } from 'zustand';
import { persist } from 'zustand/middleware';

export type Appearance = 'light' | 'dark' | 'system';
export type Density = 'compact' | 'comfortable';

interface Preferences {
  appearance: Appearance;
  density: Density;
  /** Only icons at the left. */
  narrowNavigation: boolean;
}

/** What a person likes on this computer. */
export const usePreferences = create<Preferences>()(
  persist((): Preferences => ({ appearance: 'system', density: 'compact', narrowNavigation: false }), {
    name: 'octopus.preferences',
    version: 1,
  }),
);

export const prefer = (change: Partial<Preferences>) => usePreferences.setState(change);

/** Pixels of a table's row. */
export const useRowHeight = (): number => usePreferences(({ density }) => (density === 'compact' ? 30 : 38));
