import { expect, test } from 'vitest';
import { ClientError } from '../../api/client-error.ts';
import { type Progress, type StartCalls, startAll, waiting } from './start.ts';

/** A core that may do what it is asked and lose the answer. */
function world() {
  const made = new Map<string, string>();
  const schedules: string[] = [];
  const runs: string[] = [];
  const refusals: Record<string, ClientError[]> = {};
  const lost: Record<string, number> = {};
  let waits = 0;
  async function act<Value>(name: string, done: () => Value): Promise<Value> {
    const refusal = refusals[name]?.shift();
    if (refusal) throw refusal;
    const value = done();
    if ((lost[name] ?? 0) > 0) {
      lost[name] = (lost[name] ?? 0) - 1;
      throw new ClientError('client.offline', 'Octopus cannot be reached.');
    }
    return value;
  }
  const calls: StartCalls = {
    create: (machine) =>
      act(`create ${machine}`, () => {
        if (made.has(machine)) throw new ClientError('conflict.exists', 'There is one.');
        made.set(machine, `j-${machine}`);
        return `j-${machine}`;
      }),
    find: async (machine) => made.get(machine),
    schedule: (id) => act(`schedule ${id}`, () => void schedules.push(id)),
    hasSchedule: async (id) => schedules.includes(id),
    sync: (id) => act(`sync ${id}`, () => void runs.push(id)),
    hasRun: async (id) => runs.includes(id),
    wait: async () => void waits++,
  };
  return { calls, made, schedules, runs, refusals, lost, waits: () => waits };
}
const machines = ['a', 'b', 'c', 'd', 'e'];
const silent = () => {};
const steps = (all: readonly Progress[]) => all.map(({ step }) => step);

test('every machine gets its migration, schedule and first run', async () => {
  const { calls, made, schedules, runs } = world();
  const told: string[] = [];
  const after = await startAll(machines.map(waiting), calls, ({ machineId, step }) => told.push(`${machineId} ${step}`));
  expect(steps(after)).toEqual(machines.map(() => 'done'));
  expect([made.size, schedules.length, runs.length]).toEqual([5, 5, 5]);
  expect(told.filter((one) => one.startsWith('e '))).toContain('e scheduling');
});

test('one that fails does not stop the others; trying again goes on where it stopped', async () => {
  const { calls, made, schedules, runs, refusals } = world();
  refusals['create b'] = [new ClientError('target.denied', 'No room for you.')];
  refusals['sync j-c'] = [new ClientError('source.busy', 'Busy.')];
  const first = await startAll(machines.map(waiting), calls, silent);
  expect(steps(first)).toEqual(['done', 'failed', 'failed', 'done', 'done']);
  expect(first[2]).toMatchObject({ migrationId: 'j-c', scheduled: true, error: { code: 'source.busy' } });
  const second = await startAll(first, calls, silent);
  expect(steps(second)).toEqual(machines.map(() => 'done'));
  expect(second[1]?.error).toBeUndefined();
  expect([made.size, schedules.length, runs.length]).toEqual([5, 5, 5]);
});

test.each(['create a', 'schedule j-a', 'sync j-a'])('an answer of “%s” that is lost makes nothing twice', async (name) => {
  const { calls, made, schedules, runs, lost } = world();
  lost[name] = 1;
  const first = await startAll([waiting('a')], calls, silent);
  expect(first[0]).toMatchObject({ step: 'failed', error: { code: 'client.offline' } });
  expect(steps(await startAll(first, calls, silent))).toEqual(['done']);
  expect([made.size, schedules, runs]).toEqual([1, ['j-a'], ['j-a']]);
});

test('a migration that was there before is not taken over by the first try', async () => {
  const { calls, made, schedules } = world();
  made.set('a', 'older');
  expect(await startAll([waiting('a')], calls, silent)).toMatchObject([{ step: 'failed', error: { code: 'conflict.exists' } }]);
  expect(schedules).toEqual([]);
});

test('too many calls: it waits its turn', async () => {
  const { calls, refusals, waits } = world();
  refusals['create a'] = [1, 2].map(() => new ClientError('rate.limited', 'Wait.', { retryable: true }));
  expect(steps(await startAll([waiting('a')], calls, silent))).toEqual(['done']);
  expect(waits()).toBe(2);
});

test('without schedule and first run there is the migration alone', async () => {
  const { calls, schedules, runs } = world();
  await startAll([waiting('a')], { ...calls, schedule: undefined, sync: undefined }, silent);
  expect([schedules, runs]).toEqual([[], []]);
});
