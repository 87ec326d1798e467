import { expect, test } from 'vitest';
import type { LiveDisk, Sample } from './live.ts';
import { progressOfRun } from './run-progress.ts';

const counts = { read: 0, sent: 0, zero: 0, unchanged: 0 };
const disk = (key: number, activity: LiveDisk['activity'], done: number, total: number): LiveDisk => ({
  key,
  activity,
  done,
  total,
  counts,
});
const second = (at: number, read: number, verified = 0, sent = read / 2): Sample => ({ at, read, sent, verified });

test('all disks together, at the rate of the last ten whole seconds', () => {
  const samples = [second(100, 9000), ...Array.from({ length: 10 }, (_, n) => second(110 + n, 50)), second(120, 7777)];
  const run = { phase: 'transfer', disks: { 1: disk(1, 'transfer', 300, 1000), 2: disk(2, 'transfer', 100, 1000) }, samples };
  expect(progressOfRun(run, 120_400)).toEqual({
    activity: 'transfer',
    done: 400,
    total: 2000,
    part: 0.2,
    rate: 25,
    readBack: undefined,
    remainingMs: 32_000,
  });
});

test('what stands still has no rate and no end that could be told', () => {
  const run = { phase: 'transfer', disks: { 1: disk(1, 'transfer', 300, 1000) }, samples: [second(100, 300)] };
  expect(progressOfRun(run, 200_000)).toMatchObject({ rate: undefined, remainingMs: undefined, part: 0.3 });
});

test('in its verify phase a run is as far as its reading back', () => {
  const disks = { 1: disk(1, 'verify', 30, 100), 2: disk(2, 'transfer', 1000, 1000) };
  const samples = [second(9, 0, 20), second(10, 0, 20), second(11, 0, 20)];
  expect(progressOfRun({ phase: 'verify', disks, samples }, 12_000)).toMatchObject({
    activity: 'verify',
    done: 30,
    rate: undefined,
    readBack: 20,
    part: 0.3,
  });
});

test('where nothing has to be sent, that is told, and the end is known nevertheless', () => {
  const run = {
    phase: 'transfer',
    disks: { 1: disk(1, 'transfer', 300, 1000) },
    samples: [second(99, 100, 0, 0), second(100, 100, 0, 0), second(101, 100, 0, 0)],
  };
  expect(progressOfRun(run, 102_000)).toMatchObject({ rate: 0, readBack: undefined, remainingMs: 7000 });
});

test('before its disks are known, nothing is', () => {
  expect(progressOfRun({ phase: 'snapshot', disks: {}, samples: [] }, 0)).toBeUndefined();
  const idle = { phase: 'transfer', disks: { 1: disk(1, 'transfer', 0, 0) }, samples: [] };
  expect(progressOfRun(idle, 0)).toMatchObject({ part: undefined, remainingMs: undefined });
});

test('a reading back that has just begun is as quick as it is, not slowed down by the copy before it', () => {
  const samples = [second(1, 50), second(2, 50), second(3, 50), second(4, 0, 15), second(5, 0, 40), second(6, 0, 40)];
  expect(progressOfRun({ phase: 'verify', disks: { 1: disk(1, 'verify', 80, 400) }, samples }, 7000)).toMatchObject({
    ...{ readBack: 40, rate: undefined, remainingMs: 8000 },
  });
});

test('of a run that has just begun neither a rate nor an end is told, and its first, broken second counts in none', () => {
  const disks = { 1: disk(1, 'transfer', 300, 1000) };
  const at = (now: number, ...samples: Sample[]) => progressOfRun({ phase: 'transfer', disks, samples }, now);
  const samples = [second(100, 7), second(101, 100), second(102, 100)];
  expect(at(101_000, ...samples)).toMatchObject({ rate: undefined, remainingMs: undefined });
  expect(at(102_500, ...samples)).toMatchObject({ rate: undefined, remainingMs: undefined });
  expect(at(103_000, ...samples)).toMatchObject({ rate: 50, remainingMs: 7000 });
});
