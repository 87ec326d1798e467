import { expect, test } from 'vitest';
import { createBandwidth } from './bandwidth.ts';

test('the limit of a migration is shared by its tasks, and a change reaches those that go on', () => {
  let perTask: number | undefined;
  const bandwidth = createBandwidth(() => perTask);
  const told: Record<string, (number | undefined)[]> = { a: [], b: [], other: [] };
  const join = (job: string, name: string) => bandwidth.join(job, (rate) => told[name]!.push(rate));
  const a = join('job', 'a');
  join('else', 'other');
  expect(a.share).toBeUndefined();
  bandwidth.set('job', 100);
  bandwidth.set('job', 100);
  const b = join('job', 'b');
  expect(b.share).toBe(50);
  expect(told.a).toEqual([100, 50]);
  bandwidth.set('job', 10);
  expect(told.b).toEqual([5]);
  b.leave();
  expect(told.a).toEqual([100, 50, 5, 10]);
  bandwidth.set('job', 0);
  expect(told.a?.at(-1)).toBeUndefined();
  perTask = 7;
  bandwidth.set('job', 100);
  expect(told.a?.at(-1)).toBe(7);
  expect(told.other).toEqual([]);
});

test('a limit that is changed while a run is about to begin is not undone by what that run knew', () => {
  const bandwidth = createBandwidth(() => undefined);
  bandwidth.begin('job', 100);
  expect(bandwidth.join('job', () => {}).share).toBe(100);
  bandwidth.set('job', 0);
  bandwidth.begin('job', 100);
  expect(bandwidth.join('job', () => {}).share).toBeUndefined();
});
