import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask } from '../rest/testing/rest-world.ts';
import { openTestApplication } from './testing/application-world.ts';

const name = 'admin';
const password = 'a long sentence for the test';

test('the samples of the lab are small, and after a restart they are there again for the next run', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-lab-'));
  try {
    const data = join(folder, 'data');
    await mkdir(data);
    let migration = '';
    let sourceId = '';
    for (const start of ['first', 'second']) {
      await using application = await openTestApplication(data);
      const { url } = application.rest;
      const session =
        start === 'first'
          ? await ask(`${url}/auth/setup`, 'POST', {
              as: 'nobody',
              body: { token: await application.identity.issueSetUpToken(), name, password },
            })
          : await ask(`${url}/auth/login`, 'POST', { as: 'nobody', body: { name, password } });
      const call = async (method: string, path: string, body?: object) => {
        const headers = { authorization: `Bearer ${session.json.accessToken}` };
        const answer = await ask(url + path, method, { as: 'nobody', headers, ...(body ? { body } : {}) });
        expect(answer.status, `${method} ${path} ${answer.text}`).toBeLessThan(300);
        return answer.json;
      };
      if (start === 'first') {
        sourceId = (await call('POST', '/lab', {})).sourceId;
        const { items } = await call('GET', `/vms?sourceId=${sourceId}`);
        expect(items).toHaveLength(12);
        expect(Math.max(...items.map(({ capacity }: { capacity: number }) => capacity))).toBeLessThan(4 * 2 ** 30);
        const machineId = items.find((machine: { name: string }) => machine.name === 'legacy').id;
        const targetId = (await call('POST', '/targets', { folder: join(folder, 'target') })).id;
        migration = (await call('POST', '/migrations', { machineId, targetId })).id;
      }
      await call('POST', `/migrations/${migration}/sync`);
      await expect
        .poll(async () => call('GET', `/migrations/${migration}`), { timeout: 20_000 })
        .toMatchObject({
          sourceId,
          lastRun: { state: 'succeeded', kind: start === 'first' ? 'full' : 'reconcile' },
        });
      // The same disk as before: a reconcile finds nothing to send.
      if (start === 'second') expect((await call('GET', `/migrations/${migration}`)).lastRun.counts.sent).toBe(0);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
