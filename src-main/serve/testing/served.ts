import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openEventClient } from '../../rest/testing/event-client.ts';
import { type Answer, ask } from '../../rest/testing/rest-world.ts';

const password = 'a long sentence for the test';
const patience = { timeout: 60_000, interval: 100 };

export interface Served extends AsyncDisposable {
  /** What it said. */
  output(): string;
  /** As its admin; anything but success fails the test. */
  call(method: string, path: string, body?: object): Promise<Answer['json']>;
  /** Of a run that goes on: bytes of the machine that it is past. */
  passed(runId: string): number;
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** `octopus serve` as a process of its own, on a folder that may have served before. */
export async function serve(folder: string): Promise<Served> {
  const [portFile, passphrase] = [join(folder, 'port'), join(folder, 'passphrase')];
  await rm(portFile, { force: true });
  await writeFile(passphrase, 'a passphrase of the test\n', { mode: 0o600 });
  const cli = join(import.meta.dirname, '..', '..', 'cli.ts');
  const isNew = !existsSync(join(folder, 'data'));
  const where = ['--data', join(folder, 'data'), '--port', '0', '--port-file', portFile];
  const child = spawn(process.execPath, [cli, 'serve', ...where, '--vault', 'file', '--passphrase-file', passphrase]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const exited = once(child, 'exit');
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    child.kill(signal);
    const [code] = await exited;
    if (signal === 'SIGTERM') expect(code, output).toBe(0);
  };
  try {
    const port = () => {
      if (child.exitCode !== null) throw new Error(`It ended: ${output}`);
      return readFile(portFile, 'utf8').catch(() => '');
    };
    await expect.poll(port, patience).not.toBe('');
    const url = `http://127.0.0.1:${await port()}/api/v1`;
    // It is printed behind the port.
    if (isNew) await expect.poll(() => output, patience).toMatch(/shown only now: \S+\n/);
    const token = /shown only now: (\S+)/.exec(output)?.[1];
    const [path, body] = token ? ['/auth/setup', { token, name: 'admin', password }] : ['/auth/login', { name: 'admin', password }];
    const session = await ask(url + path, 'POST', { as: 'nobody', body });
    expect(session.status, session.text).toBeLessThan(300);
    const events = await openEventClient(url, session.json.accessToken, 0);
    const headers = { authorization: `Bearer ${session.json.accessToken}` };
    return {
      output: () => output,
      async call(method, path, body) {
        const answer = await ask(url + path, method, { as: 'nobody', headers, ...(body ? { body } : {}) });
        expect(answer.status, `${method} ${path} ${answer.text}`).toBeLessThan(300);
        return answer.json;
      },
      passed(runId) {
        const told = events.told.filter(({ event, data }) => event === 'run.progress' && data.data.runId === runId);
        return Number(told.at(-1)?.data.data.done ?? 0);
      },
      end,
      [Symbol.asyncDispose]: () => end('SIGKILL'),
    };
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
}
