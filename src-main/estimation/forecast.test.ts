import { expect, test } from 'vitest';
import type { Cutover } from '../domain/cutover.ts';
import type { Job } from '../domain/job.ts';
import { forecast } from './forecast.ts';

const at = (ms: number) => new Date(Date.UTC(2030, 0, 1) + ms).toISOString();

/** QEMU was started within 163 ms. */
function cutover(bootMs: number | undefined): Cutover {
  const times = { phases: [{ phase: 'start', startedAt: at(0) }], upAt: at(163), ...(bootMs === undefined ? {} : { bootMs }) };
  return { id: 'c', jobId: 'j', state: 'done', times } as unknown as Cutover;
}

async function start(...newestFirst: Cutover[]) {
  const store = {
    runs: { pageOfJob: async () => [] },
    cutovers: { ofJob: async () => newestFirst },
    machines: { find: async () => undefined },
  };
  const { parts } = await forecast(store as never, { id: 'j', machineId: 'm' } as Job);
  return parts.find(({ id }) => id === 'start')!;
}

test('a start whose boot nobody saw is not told as all of it', async () => {
  const { ms, measured, basis } = await start(cutover(undefined));
  expect([ms.likely, measured]).toEqual([163, true]);
  expect(basis).toContain("The guest's own start comes on top");
});

test('a start whose boot was checked takes until the guest was seen up', async () => {
  const { ms, measured, basis } = await start(cutover(undefined), cutover(21_000));
  expect([ms, measured]).toEqual([{ low: 21_000, likely: 21_000, high: 21_000 }, true]);
  expect(basis).not.toContain('on top');
});
