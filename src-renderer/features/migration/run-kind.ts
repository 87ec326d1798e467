import { migrationTexts as texts } from '../../texts/migration.ts';
import type { Run } from './next-step.ts';

/** Until these are over, what was asked for as incremental may turn out to be full. */
const before: readonly string[] = ['tracking', 'snapshot', 'changes'];

/** In a word; undefined while it is not decided. */
export function kindText({ kind, state, phase }: Pick<Run, 'kind' | 'state' | 'phase'>): string | undefined {
  if (state === 'running' && kind === 'incremental' && before.includes(phase)) return undefined;
  return texts.kinds[kind] ?? kind;
}
