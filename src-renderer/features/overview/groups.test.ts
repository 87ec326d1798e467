import { expect, test } from 'vitest';
import { groupsOf } from './groups.ts';

const items = ['a', 'a', 'b', 'b', 'b', 'b'].map((kind, id) => ({ kind, id }));

test('a kind of many is one line until it is opened, in the order of urgency', () => {
  const shape = (opened: string[]) => groupsOf(items, new Set(opened)).map(({ kind, items: all, folded }) => [kind, all.length, folded]);
  expect(shape([])).toEqual([
    ['a', 2, false],
    ['b', 4, true],
  ]);
  expect(shape(['b'])[1]).toEqual(['b', 4, false]);
});
