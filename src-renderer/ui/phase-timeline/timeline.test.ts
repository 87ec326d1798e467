import { expect, test } from 'vitest';
import { cutoverPhases } from '../../../src-main/domain/cutover.ts';
import { runPhases } from '../../../src-main/domain/run.ts';
import { cutoverSteps, type Progress, progressOfCutover, progressOfRun, runSteps, timelineOf } from './timeline.ts';

const progress: Progress = {
  phase: 'changes',
  state: 'running',
  began: { tracking: 1000, snapshot: 3000, changes: 4500 },
  endedAt: undefined,
  now: 5000,
};
const told = (given: Partial<Progress>) =>
  timelineOf(runSteps, { ...progress, ...given })
    .slice(0, 4)
    .map(({ state, duration }) => [state, duration]);

test('the steps are the phases of the domain', () => {
  expect(runSteps).toEqual(runPhases);
  expect(cutoverSteps).toEqual(cutoverPhases);
});

test('what is done took until the next began; what goes on takes until now', () => {
  expect(told({})).toEqual([
    ['done', 2000],
    ['done', 1500],
    ['now', 500],
    ['waiting', undefined],
  ]);
  // A step whose beginning was not seen (before the client was open) has no duration, and does not spoil the one before it.
  expect(told({ began: { tracking: 1000, changes: 4500 } })).toEqual([
    ['done', 3500],
    ['done', undefined],
    ['now', 500],
    ['waiting', undefined],
  ]);
});

test('what was kept of a step counts, not the time until a later process entered the next again', () => {
  const began = { tracking: 0, snapshot: 1000, changes: 90_000 };
  expect(told({ began, took: { tracking: 1000, snapshot: 500 }, now: 91_000 }).slice(0, 3)).toEqual([
    ['done', 1000],
    ['done', 500],
    ['now', 1000],
  ]);
  expect(told({ began, state: 'interrupted', endedAt: 99_000 })[2]).toEqual(['interrupted', undefined]);
});

test('a failure stays where it happened', () => {
  expect(told({ state: 'failed', endedAt: 4800 })[2]).toEqual(['failed', 300]);
  expect(told({ state: 'stopped', endedAt: 4800 })[2]).toEqual(['stopped', 300]);
  expect(told({ state: 'cancelled', endedAt: 4800 })[2]).toEqual(['cancelled', 300]);
  expect(told({ phase: undefined, began: {} })).toEqual(Array(4).fill(['waiting', undefined]));
});

test('a run that ended well has done all', () => {
  const steps = timelineOf(runSteps, {
    ...progress,
    phase: 'prune',
    state: 'done',
    began: { ...progress.began, prune: 9000 },
    endedAt: 9100,
  });
  expect(steps.every(({ state }) => state === 'done')).toBe(true);
  expect(steps.at(-1)?.duration).toBe(100);
});

test('states of the contract', () => {
  expect(['running', 'succeeded', 'failed', 'cancelled', 'interrupted'].map(progressOfRun)).toEqual([
    'running',
    'done',
    'failed',
    'cancelled',
    'interrupted',
  ]);
  expect(['running', 'rolling-back', 'done', 'rolled-back', 'failed', 'cancelled'].map(progressOfCutover)).toEqual([
    'running',
    'stopped',
    'done',
    'stopped',
    'failed',
    'cancelled',
  ]);
});

test('what failed does not let its other steps wait', () => {
  const of = (state: Progress['state']) =>
    timelineOf(['a', 'b', 'c'], { phase: 'b', state, began: {}, endedAt: undefined, now: 0 }).map((step) => step.state);
  expect(of('failed')).toEqual(['done', 'failed', 'unreached']);
  expect(of('interrupted')).toEqual(['done', 'interrupted', 'waiting']);
  expect(of('running')).toEqual(['done', 'now', 'waiting']);
});
