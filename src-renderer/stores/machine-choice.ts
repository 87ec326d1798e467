import { create } from 'zustand';
import { createJSONStorage, persist } from 'zustand/middleware';

/** Most machines of one new migration. */
export const MOST_CHOSEN = 1000;
/** More would make an address that is too long for people and logs. */
const MOST_IN_ADDRESS = 40;
const KEPT = 'chosen';

interface Choice {
  ids: readonly string[];
}

const useChoice = create<Choice>()(
  persist((): Choice => ({ ids: [] }), { name: 'octopus.choice', version: 1, storage: createJSONStorage(() => sessionStorage) }),
);

/** Where a new migration of these machines begins. */
export function newMigrationPath(ids: readonly string[]): string {
  if (ids.length <= MOST_IN_ADDRESS) return ids.length === 0 ? '/migrations/new' : `/migrations/new/${ids.join(',')}`;
  useChoice.setState({ ids });
  return `/migrations/new/${KEPT}`;
}

/** The machines that such an address means. */
export function chosenMachines(part: string | undefined): readonly string[] {
  if (part === undefined) return [];
  const ids = part === KEPT ? useChoice.getState().ids : part.split(',');
  return [...new Set(ids.filter((id) => /^[A-Za-z0-9._:-]{1,100}$/.test(id)))].slice(0, MOST_CHOSEN);
}
