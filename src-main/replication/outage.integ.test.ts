import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import { createTransferPool } from '../../workers/piscina-pool.ts';
import { openOctopus } from '../octopus.ts';
import type { ReplicationEvent } from './context.ts';
import { EngineWorld } from './testing/engine-world.ts';

const MiB = 2 ** 20;
const said = (events: ReplicationEvent[]) =>
  events.flatMap((event) => (event.type === 'retry' ? [`${event.code} ${event.attempt}`] : event.type === 'note' ? [event.text] : []));

test('a vCenter that does not answer while a snapshot is taken is told of at once, and when it is back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-outage-'));
  try {
    const reset = { operation: 'soap:CreateSnapshot_Task', action: { kind: 'reset', when: 'before' }, times: 3 } as const;
    await using lab = await startLabVcenter({
      machines: [{ name: 'web', changeTracking: true, disks: [{ size: 2 * MiB }] }],
      taskMs: 2,
      faults: { rules: [reset] },
    });
    const events: ReplicationEvent[] = [];
    const retry = { attempts: 5, firstMs: 5, maxMs: 20 };
    await using octopus = await openOctopus({
      stateFolder: join(folder, 'target'),
      threads: 1,
      retry,
      onEvent: (event) => events.push(event),
    });
    const { url, username, password, thumbprint } = lab;
    const source = await octopus.addSource({ url, username, password, thumbprint });
    const target = await octopus.addLocalTarget(join(folder, 'target'));
    const { run } = await octopus.replicator.run((await octopus.addJob(source.id, 'web', target.id)).id);
    expect(lab.world.faults.injected).toHaveLength(3);
    expect(said(events)).toEqual(['source.unreachable 1', 'The source answers again.']);
    const told = events.find((event) => event.type === 'retry');
    expect(told).toMatchObject({ runId: run.id, key: undefined, message: expect.stringContaining('cannot be reached') });
    const phase = events.findIndex((event) => event.type === 'phase' && event.phase === 'changes');
    expect(events.findIndex((event) => event.type === 'note')).toBeLessThan(phase);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('an outage is told of once, however often and wherever it is met; a session that is renewed at once is none', async () => {
  await using pool = createTransferPool({ threads: 1 });
  await using world = await EngineWorld.open({ pool }, [2 * MiB, 2 * MiB]);
  const { source, target, events, replicator } = world;
  const fails = (method: string, code: 'source.unreachable' | 'source.session' | 'target.unreachable', times: number) =>
    Array.from({ length: times }, () => ({
      method,
      error: new OctopusError(code, 'It did not answer.', { retryable: code !== 'source.session' }),
    }));
  // Both disks ask at once.
  source.failures.push(...fails('openDescriptor', 'source.unreachable', 4));
  await replicator.run('j');
  expect(said(events)).toEqual(['source.unreachable 1', 'The source answers again.']);
  events.length = 0;
  source.failures.push(...fails('createSnapshot', 'source.session', 1));
  await replicator.run('j');
  expect(said(events)).toEqual([]);
  target.failures.push(...fails('commit', 'target.unreachable', 2));
  await replicator.run('j');
  expect(said(events)).toEqual(['target.unreachable 1', 'The target answers again.']);
  events.length = 0;
  source.failures.push(...fails('powerOff', 'source.unreachable', 2));
  await replicator.cutover('j');
  expect(said(events)).toEqual(['source.unreachable 1', 'The source answers again.']);
  // It does not come back: said once, and the run tells how it ended.
  await replicator.rollback('j');
  events.length = 0;
  source.failures.push(...fails('createSnapshot', 'source.unreachable', 4), ...fails('listSnapshots', 'source.unreachable', 1));
  await expect(replicator.run('j')).rejects.toMatchObject({ code: 'source.unreachable' });
  expect(said(events).filter((text) => text.startsWith('source.unreachable'))).toEqual(['source.unreachable 1']);
});
