import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OctopusError } from '../../../workers/octopus-error.ts';

export interface Session extends AsyncDisposable {
  /** For DBUS_SESSION_BUS_ADDRESS. */
  address: string;
}

/** A session bus of its own; with a real gnome-keyring that is unlocked, or one that is locked, or none. Debian: dbus-daemon, gnome-keyring. */
export async function startSession(keyring: 'unlocked' | 'locked' | 'none'): Promise<Session> {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-session-'));
  const processes: ChildProcess[] = [];
  const end = async () => {
    for (const process of processes.reverse()) {
      if (process.exitCode !== null || process.signalCode !== null) continue;
      const exit = once(process, 'exit');
      process.kill('SIGKILL');
      await exit;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const config = join(folder, 'bus.conf');
    // Without service files: nothing but what is started here answers on it.
    await writeFile(
      config,
      `<busconfig><type>session</type><listen>unix:path=${folder}/bus</listen><auth>EXTERNAL</auth>
      <policy context="default"><allow send_destination="*"/><allow eavesdrop="false"/><allow own="*"/></policy></busconfig>`,
    );
    const bus = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address'], { stdio: ['ignore', 'pipe', 'ignore'] });
    processes.push(bus);
    const address = await line(bus, 'dbus-daemon');
    if (keyring !== 'none') {
      const runtime = join(folder, 'run');
      await mkdir(runtime, { mode: 0o700 });
      const environment: NodeJS.ProcessEnv = {
        ...process.env,
        DBUS_SESSION_BUS_ADDRESS: address,
        XDG_DATA_HOME: join(folder, 'data'),
        XDG_RUNTIME_DIR: runtime,
      };
      delete environment.DISPLAY;
      const args = ['--foreground', '--components=secrets', ...(keyring === 'unlocked' ? ['--unlock'] : [])];
      const daemon = spawn('gnome-keyring-daemon', args, { stdio: ['pipe', 'pipe', 'ignore'], env: environment });
      processes.push(daemon);
      daemon.stdin.end('a password that is not empty');
      await waitForSecrets(address);
    }
    return { address, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function line(child: ChildProcess, name: string): Promise<string> {
  const failed = once(child, 'error').then(([cause]: unknown[]) => {
    throw new OctopusError('tool.missing', `${name} cannot be started: install the Debian package ${name}.`, { cause });
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${name} ended at once`);
  });
  const [data] = (await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), failed, ended])) as [Buffer];
  return data.toString().trim();
}

async function waitForSecrets(address: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    const ask = spawn(
      'dbus-send',
      [
        `--bus=${address}`,
        '--print-reply',
        '--dest=org.freedesktop.DBus',
        '/',
        'org.freedesktop.DBus.NameHasOwner',
        'string:org.freedesktop.secrets',
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    let answer = '';
    ask.stdout.on('data', (data) => {
      answer += String(data);
    });
    await once(ask, 'close');
    if (answer.includes('boolean true')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('gnome-keyring did not come up');
}
