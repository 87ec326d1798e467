import { expect, test } from 'vitest';
import type { Role } from '../domain/user.ts';
import { canAct, canSee, type Owned, requireOwned } from './ownership.ts';
import { createSetUpWorld } from './testing/identity-world.ts';

const caller = (role: Role, userId = 'me') => ({ userId, name: userId, role });
const own = { ownerId: 'me', sharedWith: [] };
const given = { ownerId: 'other', sharedWith: ['x', 'me'] };
const foreign = { ownerId: 'other', sharedWith: ['x'] };
const nobodys = { ownerId: undefined, sharedWith: [] };

test('who sees and who acts', () => {
  const table = [own, given, foreign, nobodys].map((thing) =>
    (['admin', 'operator', 'viewer'] as const).map((role) =>
      canAct(caller(role), thing) ? 'act' : canSee(caller(role), thing) ? 'see' : '-',
    ),
  );
  expect(table).toEqual([
    ['act', 'act', 'see'],
    ['act', 'act', 'see'],
    ['act', '-', '-'],
    ['act', '-', '-'],
  ]);
});

test('a foreign thing answers exactly like a missing one', () => {
  const answer = (role: Role, thing: Owned | undefined, wanted: 'see' | 'act' = 'act') => {
    try {
      return requireOwned(caller(role), wanted, 'migration', 'id-1', thing);
    } catch (error) {
      return { ...(error as object), message: (error as Error).message };
    }
  };
  const missing = answer('operator', undefined);
  expect(missing).toMatchObject({ code: 'not.found', message: 'There is no migration id-1.' });
  expect(answer('operator', foreign)).toEqual(missing);
  expect(answer('viewer', foreign)).toEqual(missing);
  expect(answer('operator', nobodys)).toEqual(missing);
  expect(answer('operator', given)).toBe(given);
  expect(answer('viewer', given, 'see')).toBe(given);
  expect(answer('viewer', given)).toMatchObject({ code: 'auth.forbidden' });
  expect(answer('admin', foreign)).toBe(foreign);
});

test('shares are kept by kind', async () => {
  await using world = await createSetUpWorld();
  const { shares } = world.store;
  const [root] = await world.identity.listUsers();
  const id = root?.id as string;
  await shares.give('migration', 'm-1', id);
  await shares.give('migration', 'm-1', id);
  await shares.give('schedule', 's-1', id);
  expect(await shares.of('migration', 'm-1')).toEqual([id]);
  expect(await shares.givenTo(id, 'migration')).toEqual(['m-1']);
  await shares.take('migration', 'm-1', id);
  expect(await shares.of('migration', 'm-1')).toEqual([]);
  await expect(shares.give('migration', 'm-1', 'nobody')).rejects.toThrow(/FOREIGN KEY/);
});
