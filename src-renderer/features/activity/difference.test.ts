import { expect, test } from 'vitest';
import { differenceOf } from './difference.ts';

test('only what changed, part by part', () => {
  const before = { name: 'web', settings: { keep: 5, verify: 'all' }, userIds: ['a', 'b'], old: null };
  const after = { name: 'web', settings: { keep: 9, verify: 'all' }, userIds: ['a'], isNew: false };
  expect(differenceOf(before, after)).toEqual({
    same: 2,
    changes: [
      { path: 'settings.keep', kind: 'changed', before: '5', after: '9' },
      { path: 'userIds', kind: 'changed', before: 'a, b', after: 'a' },
      { path: 'old', kind: 'removed', before: 'null' },
      { path: 'isNew', kind: 'added', after: 'false' },
    ],
  });
});

test('of one value alone everything, also where it is no object', () => {
  expect(differenceOf(undefined, { disks: [{ key: 1 }], none: [] }).changes).toEqual([
    { path: 'disks[0].key', kind: 'added', after: '1' },
    { path: 'none', kind: 'added', after: '[]' },
  ]);
  expect(differenceOf(4, 5).changes).toEqual([{ path: '', kind: 'changed', before: '4', after: '5' }]);
  expect(differenceOf(undefined, undefined)).toEqual({ changes: [], same: 0 });
});
