import { createPerPerson } from './per-person.ts';

export type Appearance = 'light' | 'dark' | 'system';
export type Density = 'compact' | 'comfortable';

interface Preferences {
  appearance: Appearance;
  density: Density;
  /** Only icons at the left. */
  narrowNavigation: boolean;
}

/** What each person likes on this computer. */
export const { use: usePreferences, becomes: preferAs } = createPerPerson<Preferences>('octopus.preferences', {
  appearance: 'system',
  density: 'compact',
  narrowNavigation: false,
});

export const prefer = (change: Partial<Preferences>) => usePreferences.setState(change);

/** Pixels of a table's row. */
export const useRowHeight = (): number => usePreferences(({ density }) => (density === 'compact' ? 30 : 38));
