import { expect, test } from 'vitest';
import { createRememberedAccess } from './remembered-access.ts';

test('asks once for a while, for each user, and again after a failure', async () => {
  let now = 0;
  let asked = 0;
  let allowed = true;
  const clock = { now: () => new Date(now), sleep: async () => {} };
  const access = createRememberedAccess(async () => {
    asked++;
    if (asked === 3) throw new Error('busy');
    return allowed;
  }, clock);
  const ann = { userId: 'a', name: 'ann', role: 'viewer' } as const;
  const event = { type: 'run.progress', data: { migrationId: 'm' } };
  expect(await Promise.all([access(ann, event), access(ann, { ...event, type: 'run.phase' })])).toEqual([true, true]);
  expect(asked).toBe(1);
  allowed = false;
  expect(await access({ ...ann, userId: 'b' }, event)).toBe(false);
  expect(await access(ann, event)).toBe(true);
  now = 2000;
  await expect(access(ann, event)).rejects.toThrow('busy');
  expect(await access(ann, event)).toBe(false);
  expect(asked).toBe(4);
  await access(ann, { type: 'source.changed', data: { sourceId: 's' } });
  await access(ann, { type: 'source.changed', data: { sourceId: 's' } });
  expect(asked).toBe(6);
});
