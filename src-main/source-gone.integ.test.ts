import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LabVcenter, startLabVcenter } from '../lab/vcenter/lab-vcenter.ts';
import { type Octopus, openOctopus } from './octopus.ts';
import type { ReplicationEvent } from './replication/context.ts';

const MiB = 2 ** 20;
const patience = { timeout: 60_000, interval: 20 };
let folder: string;
let lab: LabVcenter;
let octopus: Octopus;
let jobId: string;
let events: ReplicationEvent[];

const startLab = () =>
  startLabVcenter({ seed: 3, machines: [{ name: 'web', disks: [{ size: 12 * MiB, fill: 1 }] }], taskMs: 2, consolidationMs: 5 });
const login = () => ({ url: lab.url, username: lab.username, password: lab.password, thumbprint: lab.thumbprint });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-gone-'));
  events = [];
  lab = await startLab();
  octopus = await openOctopus({
    stateFolder: join(folder, 'target'),
    threads: 1,
    retry: { attempts: 3, firstMs: 5, maxMs: 20 },
    tuning: { checkpointBytes: 2 * MiB, limit: 4 * MiB },
    onEvent: (event) => events.push(event),
  });
  const source = await octopus.addSource(login());
  const target = await octopus.addLocalTarget(join(folder, 'target'));
  jobId = (await octopus.addJob(source.id, 'web', target.id)).id;
});
afterEach(async () => {
  await octopus.close();
  await lab.close();
  await rm(folder, { recursive: true, force: true });
});

test('a run goes on where its source was given its login anew: nobody cancelled it', { timeout: 120_000 }, async () => {
  const run = octopus.replicator.run(jobId).catch((error: unknown) => error);
  await expect.poll(() => events.some(({ type }) => type === 'checkpoint'), patience).toBe(true);
  await octopus.addSource(login());
  lab.endSessions();
  expect(await run).toMatchObject({ run: { state: 'succeeded' } });
});

test('what is asked over a connection that was closed meanwhile is not cancelled: the source is not reached', async () => {
  const { id } = (await octopus.store.sources.list())[0]!;
  const before = await octopus.source(id);
  await octopus.addSource(login());
  await expect(before.machine('web')).rejects.toMatchObject({
    code: 'source.unreachable',
    message: expect.stringMatching(/was closed: .* start anew/),
  });
  await expect(before.machine('web', AbortSignal.abort())).rejects.toMatchObject({ code: 'operation.cancelled' });
});
