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

interface KeptPreferences extends Preferences {
  /** Whose they are: who was here last, also while nobody is signed in. */
  userId?: string;
  /** By user, of those who were here before. */
  others: Readonly<Record<string, Preferences>>;
}

const atFirst: Preferences = { appearance: 'system', density: 'compact', narrowNavigation: false };

/** What each person likes on this computer. */
export const usePreferences = create<KeptPreferences>()(
  persist((): KeptPreferences => ({ ...atFirst, others: {} }), { name: 'octopus.preferences', version: 1 }),
);

export const prefer = (change: Partial<Preferences>) => usePreferences.setState(change);

/** From now on those of this person. What nobody owns yet is theirs: it was kept before there were several. */
export function preferAs(userId: string): void {
  usePreferences.setState(({ userId: before, others, appearance, density, narrowNavigation }) => {
    if (before === undefined || before === userId) return { userId };
    const left = { appearance, density, narrowNavigation };
    return { ...atFirst, ...others[userId], userId, others: { ...others, [before]: left } };
  });
}

/** Pixels of a table's row. */
export const useRowHeight = (): number => usePreferences(({ density }) => (density === 'compact' ? 30 : 38));
