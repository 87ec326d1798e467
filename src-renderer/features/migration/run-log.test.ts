import { expect, test } from 'vitest';
import type { Run } from './next-step.ts';
import { logOf, phaseTimes } from './run-log.ts';

const at = (second: number) => `2030-01-01T00:00:${String(second).padStart(2, '0')}Z`;
const run: Run = {
  id: 'r',
  kind: 'incremental',
  state: 'failed',
  phase: 'transfer',
  notes: ['Heard before.', 'Told only now.'],
  counts: { read: 0, sent: 0, zero: 0, unchanged: 0, resumed: 0, verified: 0 },
  recoveryPointId: 'p',
  error: { code: 'source.unreachable', message: 'It does not answer.' },
  startedAt: at(0),
  endedAt: at(9),
  phases: [
    { phase: 'tracking', startedAt: at(0), endedAt: at(2) },
    { phase: 'transfer', startedAt: at(2) },
  ],
};

test('phases, retries and notes in their order, each once; the error last', () => {
  const heard = [
    { at: at(1), kind: 'note' as const, text: 'Heard before.' },
    { at: at(4), kind: 'retry' as const, text: 'Once more.', code: 'source.session', attempt: 2 },
  ];
  expect(logOf(run, heard).map(({ at: time, kind, text, took }) => [time, kind, text, took])).toEqual([
    [at(0), 'phase', 'tracking', 2000],
    [at(1), 'note', 'Heard before.', undefined],
    [at(2), 'phase', 'transfer', undefined],
    [at(4), 'retry', 'Once more.', undefined],
    [undefined, 'note', 'Told only now.', undefined],
    [at(9), 'error', 'It does not answer.', undefined],
  ]);
});

test('the end of Octopus is a note, no error', () => {
  const error = { code: 'server.stopping', message: 'Octopus ended while it went on.' };
  expect(logOf({ ...run, error }, []).at(-1)).toMatchObject({ kind: 'note', text: error.message });
});

test('a run of which nothing is kept but that it was', () => {
  const { error: _, phases: __, ...bare } = { ...run, notes: [] };
  expect(logOf(bare, [])).toEqual([]);
});

test('a phase in which Octopus ended has no time: it was closed by the next start', () => {
  const second = (at: number) => new Date(Date.UTC(2030, 0, 1) + at * 1000).toISOString();
  const entered = (phase: string, from: number, to: number) => ({ phase, startedAt: second(from), endedAt: second(to) });
  const phases = [entered('changes', 0, 1), entered('replica', 1, 2), entered('transfer', 2, 90), entered('replica', 90, 92)];
  const times = phaseTimes({ ...run, phases: [...phases, entered('transfer', 92, 95)] } as typeof run);
  expect(times.map(({ phase, took, interrupted }) => [phase, took, interrupted])).toEqual([
    ['changes', 1000, false],
    ['replica', 1000, false],
    ['transfer', undefined, true],
    ['replica', 2000, false],
    ['transfer', 3000, false],
  ]);
});
