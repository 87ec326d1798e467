import { expect, test } from 'vitest';
import { makePassword } from './make-password.ts';

test('four groups that can be told on the telephone, another each time', () => {
  const random = (bytes: Uint8Array) => crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
  const one = makePassword(random);
  expect(one).toMatch(/^([a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}$/);
  expect(makePassword(random)).not.toBe(one);
  let next = 250;
  // Bytes above the last whole multiple are passed over.
  expect(makePassword((bytes) => bytes.map(() => next++ % 256))).toMatch(/^abcde-/);
});
