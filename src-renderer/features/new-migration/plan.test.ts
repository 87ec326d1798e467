import { expect, test } from 'vitest';
import { defaultPlan, jitterOf, planProblems, type Rhythm, rhythmProblem, scheduleOf, settingsOf, timingOf } from './plan.ts';

const plan = defaultPlan('Europe/Vienna');
const rhythm = (change: Partial<Rhythm>): Rhythm => ({ ...plan.rhythm, ...change });

test('rhythms become timings', () => {
  expect(timingOf(plan.rhythm)).toEqual({ type: 'every', minutes: 60 });
  expect(timingOf(rhythm({ count: 2, unit: 'days' }))).toEqual({ type: 'every', minutes: 2880 });
  expect(timingOf(rhythm({ mode: 'at', time: '02:05' }))).toEqual({ type: 'cron', expression: '5 2 * * *', zone: 'Europe/Vienna' });
  expect(timingOf(rhythm({ mode: 'at', days: [7, 1] }))).toEqual({ type: 'cron', expression: '0 22 * * 0,1', zone: 'Europe/Vienna' });
  expect(timingOf(rhythm({ mode: 'none' }))).toBeUndefined();
  expect(scheduleOf(rhythm({ mode: 'none' }), 'j', 1)).toBeUndefined();
});

test('what is missing is told', () => {
  expect(rhythmProblem(plan.rhythm)).toBeUndefined();
  expect(rhythmProblem(rhythm({ count: Number.NaN }))).toBe('count');
  expect(rhythmProblem(rhythm({ count: 365, unit: 'days' }))).toBeUndefined();
  expect(rhythmProblem(rhythm({ count: 366, unit: 'days' }))).toBe('count');
  expect(planProblems({ ...plan, keep: 0, limit: 0.5 })).toEqual({ schedule: true, mapping: true });
  expect(planProblems({ ...plan, keep: 1000, limit: 1 })).toEqual({ schedule: false, mapping: false });
  expect(rhythmProblem(rhythm({ mode: 'at', days: [] }))).toBe('days');
  expect(rhythmProblem(rhythm({ mode: 'cron', expression: '* *' }))).toBe('expression');
  expect(rhythmProblem(rhythm({ windows: [{ zone: 'UTC', days: [], from: '08:00', to: '09:00' }] }))).toBe('windows');
  expect(rhythmProblem(rhythm({ mode: 'none', count: 0 }))).toBeUndefined();
});

test('many machines do not begin in the same second', () => {
  expect(jitterOf(plan.rhythm, 1)).toBe(0);
  expect(jitterOf(plan.rhythm, 2)).toBe(360_000);
  expect(jitterOf(rhythm({ count: 5, unit: 'days' }), 2)).toBe(600_000);
});

test('a limit is told in bytes, and what is not given is left to the settings', () => {
  expect(settingsOf(plan)).toEqual({ verify: 'written', quiesce: false, bandwidthLimit: 0 });
  expect(settingsOf({ ...plan, keep: 7, limit: 10 })).toMatchObject({ keep: 7, bandwidthLimit: 10_485_760 });
});
