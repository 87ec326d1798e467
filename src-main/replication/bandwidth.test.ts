import { expect, test } from 'vitest';
import { createBandwidth } from './bandwidth.ts';

test('the limit of a migration is shared by its tasks, and a change reaches those that go on', () => {
  const bandwidth = createBandwidth(() => undefined);
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
  expect(told.other).toEqual([]);
});

test('what all may read together is shared by the tasks of all migrations, and a change counts at once', () => {
  let whole: number | undefined = 90;
  const bandwidth = createBandwidth(() => whole);
  const told: Record<string, number | undefined> = {};
  const join = (job: string, name: string) => {
    const member = bandwidth.join(job, (rate) => {
      told[name] = rate;
    });
    told[name] = member.share;
    return member;
  };
  join('one', 'a');
  join('one', 'b');
  const c = join('two', 'c');
  expect(told).toEqual({ a: 30, b: 30, c: 30 });
  bandwidth.set('one', 20);
  expect(told).toEqual({ a: 10, b: 10, c: 30 });
  bandwidth.set('one', 0);
  c.leave();
  c.leave();
  expect(told).toEqual({ a: 45, b: 45, c: 30 });
  whole = 10;
  bandwidth.retune();
  expect(told).toMatchObject({ a: 5, b: 5 });
  whole = undefined;
  bandwidth.retune();
  expect(told).toMatchObject({ a: undefined, b: undefined });
});

test('a limit that is changed while a run is about to begin is not undone by what that run knew', () => {
  const bandwidth = createBandwidth(() => undefined);
  bandwidth.begin('job', 100);
  expect(bandwidth.join('job', () => {}).share).toBe(100);
  bandwidth.set('job', 0);
  bandwidth.begin('job', 100);
  expect(bandwidth.join('job', () => {}).share).toBeUndefined();
});
