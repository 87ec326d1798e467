/** What somebody does next who has nothing to look at yet; undefined: there are migrations. */
export type Beginning = 'source' | 'read' | 'target' | 'migration';

export function beginningOf(known: { sources: number; machines: number; targets: number; migrations: number }): Beginning | undefined {
  if (known.migrations > 0) return undefined;
  if (known.sources === 0) return 'source';
  if (known.machines === 0) return 'read';
  return known.targets === 0 ? 'target' : 'migration';
}
