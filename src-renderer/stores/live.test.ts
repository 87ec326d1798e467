import { beforeEach, expect, test } from 'vitest';
import { createLiveFeed, useLive } from './live.ts';

const at = (second: number) => new Date(Date.UTC(2030, 0, 1, 0, 0, 0) + second * 1000).toISOString();
const ofRun = (runId: string, migrationId = 'm') => ({ migrationId, runId });
const progress = (second: number, key: number, read: number, more: object = {}) => ({
  id: 1,
  at: at(second),
  type: 'run.progress',
  data: {
    ...ofRun('r1'),
    key,
    activity: 'transfer',
    done: read,
    total: 1000,
    counts: { read, sent: read / 2, zero: 0, unchanged: 0 },
    ...more,
  },
});

let frames: (() => void)[] = [];
const feed = () => createLiveFeed((flush) => void frames.push(flush));
const frame = () => {
  const due = frames;
  frames = [];
  for (const flush of due) flush();
};

beforeEach(() => {
  frames = [];
  useLive.setState({ runs: {}, cutovers: {}, cutoverBegan: {}, verifies: {} });
});

test('events of a frame are shown at once, together', () => {
  const take = feed();
  let shown = 0;
  const stop = useLive.subscribe(() => shown++);
  for (let n = 1; n <= 400; n++) take(progress(1, n % 4, n));
  expect(frames).toHaveLength(1);
  expect(shown).toBe(0);
  frame();
  expect(shown).toBe(1);
  take(progress(2, 0, 500));
  expect(frames).toHaveLength(1);
  stop();
});

test('a window that shows no frames keeps no endless queue', () => {
  const take = feed();
  for (let n = 1; n <= 6000; n++) take(progress(1, 0, n));
  expect(useLive.getState().runs.m?.disks[0]?.done).toBeGreaterThan(4000);
});

test('samples are a second apart, of all disks together; silent seconds share what came after them', () => {
  const take = feed();
  take({ id: 1, at: at(0), type: 'run.started', data: { ...ofRun('r1'), machine: 'web', resumed: false } });
  take(progress(1, 1, 100));
  take(progress(1, 2, 60));
  take(progress(2, 1, 150));
  take(progress(5, 1, 450));
  take(progress(6, 1, 1, { activity: 'verify', done: 40 }));
  frame();
  const run = useLive.getState().runs.m;
  expect(run).toMatchObject({ machine: 'web', state: 'running', startedAt: at(0) });
  expect(run?.samples.map(({ read, sent, verified }) => [read, sent, verified])).toEqual([
    [160, 80, 0],
    [50, 25, 0],
    [100, 50, 0],
    [100, 50, 0],
    [100, 50, 0],
    [0, 0, 40],
  ]);
  expect(run?.samples.map((sample) => sample.at - Date.parse(at(0)) / 1000)).toEqual([1, 2, 3, 4, 5, 6]);
});

test('a new run takes the place of the former, an ended one stays to be seen', () => {
  const take = feed();
  take(progress(1, 1, 100));
  take({ id: 2, at: at(2), type: 'run.ended', data: { ...ofRun('r1'), state: 'succeeded', counts: {} } });
  frame();
  expect(useLive.getState().runs.m).toMatchObject({ runId: 'r1', state: 'succeeded', endedAt: at(2) });
  take({ id: 3, at: at(3), type: 'run.phase', data: { ...ofRun('r2'), phase: 'snapshot' } });
  frame();
  expect(useLive.getState().runs.m).toMatchObject({ runId: 'r2', state: 'running', phase: 'snapshot', samples: [] });
});

test('a cutover is told of while it goes on; what concerns no run changes nothing', () => {
  const take = feed();
  take({ id: 1, at: at(1), type: 'cutover.phase', data: { migrationId: 'm', cutoverId: 'c', phase: 'power-off' } });
  frame();
  expect(useLive.getState().cutovers).toEqual({ m: 'power-off' });
  take({ id: 2, at: at(2), type: 'cutover.ended', data: { migrationId: 'm', cutoverId: 'c', state: 'done' } });
  take({ id: 3, at: at(3), type: 'settings.changed', data: { name: 'x' } });
  frame();
  expect(useLive.getState()).toMatchObject({ cutovers: {}, runs: {} });
});

test('a client that comes in the middle of a run shows no peak of what was done before', () => {
  const take = feed();
  take(progress(10, 1, 5_000_000));
  frame();
  expect(useLive.getState().runs.m).toMatchObject({ phase: 'transfer', samples: [], disks: { 1: { done: 5_000_000 } } });
  take(progress(11, 1, 5_000_100));
  frame();
  expect(useLive.getState().runs.m?.samples.map(({ read }) => read)).toEqual([100]);
});

test('reading back does not undo what was counted while copying', () => {
  const take = feed();
  take(progress(1, 1, 500));
  take(progress(2, 1, 0, { activity: 'verify', done: 40 }));
  frame();
  expect(useLive.getState().runs.m?.disks[1]).toMatchObject({ activity: 'verify', done: 40, counts: { read: 500, sent: 250 } });
});

test('the process that takes a run up counts what it does itself: what the one before it counted is not told twice', () => {
  const take = feed();
  take({ id: 1, at: at(1), type: 'run.started', data: { ...ofRun('r1'), machine: 'db', resumed: false } });
  take(progress(2, 1, 500));
  take({ id: 2, at: at(60), type: 'run.started', data: { ...ofRun('r1'), machine: 'db', resumed: true } });
  frame();
  expect(useLive.getState().runs.m?.disks[1]).toMatchObject({ done: 0, counts: { read: 0, sent: 0 } });
  take(progress(61, 1, 300));
  frame();
  expect(useLive.getState().runs.m?.disks[1]?.counts.read).toBe(300);
  expect(useLive.getState().runs.m?.samples.reduce((sum, { read }) => sum + read, 0)).toBeCloseTo(800);
});

test('what a run says, when its phases began, and how far a verification is', () => {
  const take = feed();
  const said = (type: string, second: number, data: object) => take({ id: 1, at: at(second), type, data: { ...ofRun('r1'), ...data } });
  said('run.phase', 1, { phase: 'tracking' });
  said('run.phase', 2, { phase: 'snapshot' });
  said('run.retry', 3, { attempt: 1, code: 'source.unreachable', message: 'It did not answer.' });
  said('run.note', 4, { text: 'Disk 2 was left out.' });
  take({ id: 1, at: at(5), type: 'verify.progress', data: { migrationId: 'm', operationId: 'o', key: 7, done: 1, total: 2 } });
  frame();
  const { runs, verifies } = useLive.getState();
  expect(runs.m).toMatchObject({ retries: 1, began: { tracking: Date.parse(at(1)), snapshot: Date.parse(at(2)) } });
  expect(runs.m?.log.map(({ kind, text }) => [kind, text])).toEqual([
    ['retry', 'It did not answer.'],
    ['note', 'Disk 2 was left out.'],
  ]);
  expect(verifies).toEqual({ m: { operationId: 'o', disks: { 7: { done: 1, total: 2 } } } });
  take({ id: 1, at: at(6), type: 'operation.ended', data: { migrationId: 'm', operationId: 'o', kind: 'verify' } });
  frame();
  expect(useLive.getState().verifies).toEqual({});
});
