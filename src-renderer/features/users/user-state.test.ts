import { expect, test } from 'vitest';
import { isLastAdmin, stateOf, type User } from './user-state.tsx';

const user = (change: Partial<User>): User => ({
  ...{ id: 'u', name: 'anna', role: 'admin', source: 'local', disabled: false, mustChangePassword: false },
  createdAt: '2030-01-01T00:00:00.000Z',
  ...change,
});

test('what is shown of a user is what keeps them out', () => {
  const now = Date.parse('2030-01-02T00:00:00Z');
  const lockedUntil = '2030-01-02T00:10:00.000Z';
  expect(stateOf(user({ disabled: true, lockedUntil, mustChangePassword: true }), now)).toBe('disabled');
  expect(stateOf(user({ lockedUntil, mustChangePassword: true }), now)).toBe('locked');
  expect(stateOf(user({ lockedUntil, mustChangePassword: true }), now + 3_600_000)).toBe('password');
  expect(stateOf(user({}), now)).toBe('active');
});

test('the last administrator is the last local one who is not disabled', () => {
  const anna = user({ id: 'a' });
  const others = [user({ id: 'b', disabled: true }), user({ id: 'c', source: 'directory' }), user({ id: 'd', role: 'operator' })];
  expect(isLastAdmin(anna, [anna, ...others])).toBe(true);
  expect(isLastAdmin(anna, [anna, ...others, user({ id: 'e' })])).toBe(false);
  for (const other of others) expect(isLastAdmin(other, [anna, ...others])).toBe(false);
});
