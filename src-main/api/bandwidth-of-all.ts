import type { Services } from './services.ts';

/** Bytes a second that all runs together may read; undefined is unlimited. */
export const bandwidthOfAll = (settings: Services['settings']): number | undefined =>
  (settings.view('replication.bandwidthLimit').value as number) || undefined;
