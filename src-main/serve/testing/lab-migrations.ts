import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type LabVcenter, startLabVcenter } from '../../../lab/vcenter/lab-vcenter.ts';
import type { RestSettings } from '../../rest/rest-settings.ts';
import type { Answer } from '../../rest/testing/rest-world.ts';
import { type ApplicationWorld, openApplicationWorld } from './application-world.ts';

const plenty = { burst: 1e9, perSecond: 1e9 };

export interface MigrationsWorld extends AsyncDisposable {
  world: ApplicationWorld;
  machines: LabVcenter;
  sourceId: string;
  targetId: string;
  targetFolder: string;
  /** Ids of migrations by the machine's name. */
  migrations: Record<string, string>;
  /** Ids of machines by name. */
  machineIds: Record<string, string>;
  ok(method: string, path: string, body?: object): Promise<Answer['json']>;
  /** Waits until the migration is busy with nothing, and answers it. */
  idle(id: string): Promise<Answer['json']>;
}

/** The real application with a lab of machines of one disk (bytes) each, and a migration of each to one folder. */
export async function openMigrationsWorld(names: string[], diskBytes: number, rest: Partial<RestSettings> = {}): Promise<MigrationsWorld> {
  await using opened = new AsyncDisposableStack();
  const world = opened.use(await openApplicationWorld({ rates: { address: plenty, user: plenty, signIn: plenty }, ...rest }));
  const disks: Record<string, string> = {};
  for (const name of names) {
    const file = join(world.folder, `${name}.raw`);
    // The second half is empty.
    await writeFile(file, Buffer.concat([randomBytes(diskBytes / 2), Buffer.alloc(diskBytes / 2)]));
    disks[name] = file;
  }
  const specs = names.map((name) => ({ name, memory: 64 * 2 ** 20, cpus: 1, disks: [{ file: disks[name] as string }] }));
  const machines = opened.use(await startLabVcenter({ machines: specs }));
  const ok = async (method: string, path: string, body?: object) => {
    const answer = await world.call(method, path, body ? { body } : {});
    expect(answer.status, `${method} ${path} ${answer.text}`).toBeLessThan(300);
    return answer.json;
  };
  const { url, username, password, thumbprint } = machines;
  const source = await ok('POST', '/sources', { url, username, password, thumbprint });
  await ok('POST', `/sources/${source.id}/sync`);
  const targetFolder = join(world.folder, 'target');
  const target = await ok('POST', '/targets', { folder: targetFolder, name: 'shelf' });
  const migrations: Record<string, string> = {};
  const machineIds: Record<string, string> = {};
  for (const { id, name } of (await ok('GET', `/vms?sourceId=${source.id}`)).items) {
    machineIds[name] = id;
    migrations[name] = (await ok('POST', '/migrations', { machineId: id, targetId: target.id })).id;
  }
  const idle = async (id: string) => {
    await expect.poll(async () => (await ok('GET', `/migrations/${id}`)).working).toBeUndefined();
    return ok('GET', `/migrations/${id}`);
  };
  const parts = opened.move();
  const known = { world, machines, sourceId: source.id, targetId: target.id, targetFolder, migrations, machineIds };
  return { ...known, ok, idle, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
