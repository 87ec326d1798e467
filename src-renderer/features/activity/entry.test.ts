import { expect, test } from 'vitest';
import { type Entry, toldOf } from './entry.ts';

const entry = { id: 1, at: '2030-01-01T00:00:00Z', action: 'x', outcome: 'succeeded', previousHash: '', hash: '' } satisfies Entry;
const none = new Map<string, string>();
const id = '0f4c1a52-6b1e-4a53-9d3c-3a8f6a3f1b9e';

test.each([
  [{ subjectKind: 'migration', subjectId: id }, new Map([[id, 'web']]), 'web'],
  [{ subjectKind: 'migration', subjectId: id }, none, 'migration 0f4c1a52'],
  [{ subjectKind: 'target', subjectId: id, before: { name: 'old' }, after: { name: 'new' } }, none, 'new'],
  [{ subjectKind: 'user', subjectId: id, message: 'wrong password', errorCode: 'auth.denied' }, none, 'user 0f4c1a52 · wrong password'],
  [{ subjectKind: 'migration', subjectId: id, message: 'web was replicated.' }, new Map([[id, 'web']]), 'web was replicated.'],
  [{ errorCode: 'auth.denied' }, none, 'auth.denied'],
  [{ after: 4 }, none, '–'],
])('%j', (parts, names, told) => expect(toldOf({ ...entry, ...parts }, names)).toBe(told));
