import { create } from 'zustand';
import type { Input } from '../../src-preload/contract/routes.ts';
import { go } from '../go.ts';

export type MigrationFilter = 'all' | 'running' | 'failed' | 'behind' | 'paused' | 'active' | 'cut-over';
type Sort = NonNullable<NonNullable<Input<'migrations.list'>['query']>['sort']>;

/** Which migrations are shown, and in what order. It stays while other screens are open. */
export const useMigrationFilter = create<{ filter: MigrationFilter; sort: Sort }>()(() => ({ filter: 'all', sort: 'machine' }));

export const filterMigrations = (filter: MigrationFilter) => useMigrationFilter.setState({ filter });

/** Opens the migrations with this filter; for other screens. */
export function showMigrations(filter: MigrationFilter): void {
  filterMigrations(filter);
  go('/migrations');
}
