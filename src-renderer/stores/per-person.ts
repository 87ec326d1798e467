import { create } from 'zustand';
import { type PersistStorage, persist } from 'zustand/middleware';

/** What this computer keeps. What stands under no person is of whoever signs in first. */
interface Kept<T> {
  /** Who was here last: the page to sign in stays as it was. */
  last?: string;
  people: Readonly<Record<string, T>>;
}

const NOBODY = '';

/**
 * A store that is kept on this computer for each person. Windows and tabs of one person follow each other; what one writes leaves what
 * others wrote since as it is.
 */
export function createPerPerson<T extends object>(name: string, atFirst: T) {
  const read = (): Kept<T> => {
    try {
      const kept = JSON.parse(localStorage.getItem(name) ?? 'null') as Kept<T> | null;
      return typeof kept?.people === 'object' && kept.people !== null ? kept : { people: {} };
    } catch {
      return { people: {} };
    }
  };
  const write = (change: (kept: Kept<T>) => Kept<T>): void => {
    try {
      localStorage.setItem(name, JSON.stringify(change(read())));
    } catch {
      // A browser that keeps nothing, or has no room: it counts for this window.
    }
  };
  let person = read().last ?? NOBODY;

  const storage: PersistStorage<T> = {
    getItem: () => ({ state: { ...atFirst, ...read().people[person] } }),
    setItem: (_, { state }) => write(({ people, ...rest }) => ({ ...rest, people: { ...people, [person]: state } })),
    removeItem: () => write(({ people: { [person]: _, ...people }, ...rest }) => ({ ...rest, people })),
  };
  const use = create<T>()(persist(() => atFirst, { name, storage }));
  // Told of what other windows wrote, never of one's own.
  globalThis.addEventListener?.('storage', ({ key }) => {
    if (key === name) void use.persist.rehydrate();
  });

  /** From now on what is kept for this person. */
  const becomes = (userId: string): void => {
    if (userId === person) return;
    person = userId;
    write(({ people: { [NOBODY]: unowned, ...people } }) => ({
      last: userId,
      people: unowned === undefined || userId in people ? people : { ...people, [userId]: unowned },
    }));
    void use.persist.rehydrate();
  };
  return { use, becomes };
}
