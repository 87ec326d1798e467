import { expect, test } from 'vitest';
import { disabledReason, valuesOf } from './account.ts';

const now = new Date('2026-11-23T12:00:00Z');
/** Windows file time: 100 ns since 1601. */
const fileTime = (date: string) => String((BigInt(Date.parse(date)) + 11_644_473_600_000n) * 10_000n);
const days = (date: string) => String(Date.parse(date) / 86_400_000);

test.each([
  [{}, undefined],
  [{ userAccountControl: '512' }, undefined],
  [{ userAccountControl: '514' }, 'it is disabled'],
  [{ useraccountcontrol: '66050' }, 'it is disabled'],
  [{ nsAccountLock: 'FALSE' }, undefined],
  [{ nsAccountLock: 'true' }, 'it is disabled'],
  [{ pwdAccountLockedTime: '000001010000Z' }, 'it is locked'],
  [{ pwdAccountLockedTime: [] }, undefined],
  [{ accountExpires: '0' }, undefined],
  [{ accountExpires: '9223372036854775807' }, undefined],
  [{ accountExpires: fileTime('2026-11-23T12:00:01Z') }, undefined],
  [{ accountExpires: fileTime('2026-11-23T12:00:00Z') }, 'it has expired'],
  [{ shadowExpire: '-1' }, undefined],
  [{ shadowExpire: days('2026-11-24') }, undefined],
  [{ shadowExpire: days('2026-11-23') }, 'it has expired'],
  [{ shadowExpire: '1' }, 'it has expired'],
])('%j', (attributes, reason) => {
  expect(disabledReason({ dn: 'cn=a', ...attributes }, now)).toBe(reason);
});

test('attributes are found in any spelling, one value or many', () => {
  expect(valuesOf({ dn: 'cn=a', MEMBEROF: ['x', 'y'] }, 'memberOf')).toEqual(['x', 'y']);
  expect(valuesOf({ dn: 'cn=a', uid: 'x' }, 'uid')).toEqual(['x']);
  expect(valuesOf({ dn: 'cn=a' }, 'uid')).toEqual([]);
});
