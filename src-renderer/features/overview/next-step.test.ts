import { expect, test } from 'vitest';
import { beginningOf } from './next-step.ts';

test.each([
  [{ sources: 0, machines: 0, targets: 0, migrations: 0 }, 'source'],
  [{ sources: 1, machines: 0, targets: 0, migrations: 0 }, 'read'],
  [{ sources: 1, machines: 9, targets: 0, migrations: 0 }, 'target'],
  [{ sources: 1, machines: 9, targets: 1, migrations: 0 }, 'migration'],
  // What is there is shown, also where its source is gone.
  [{ sources: 0, machines: 0, targets: 0, migrations: 1 }, undefined],
] as const)('%j: %s', (known, step) => expect(beginningOf(known)).toBe(step));
