import { create } from 'zustand';
import { go } from '../go.ts';

export type MigrationFilter = 'all' | 'running' | 'failed' | 'paused' | 'active' | 'cut-over';

/** Which migrations are shown. It stays while other screens are open. */
export const useMigrationFilter = create<{ filter: MigrationFilter }>()(() => ({ filter: 'all' }));

export const filterMigrations = (filter: MigrationFilter) => useMigrationFilter.setState({ filter });

/** Opens the migrations with this filter; for other screens. */
export function showMigrations(filter: MigrationFilter): void {
  filterMigrations(filter);
  go('/migrations');
}
