import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gap, StoredEvent } from '../../src-preload/bridge.ts';
import { createAwake } from './awake.ts';
import { createCrashPolicy } from './crashes.ts';
import { writeDiagnostics } from './diagnostics.ts';
import { createEventFeed } from './event-feed.ts';
import { openLogFile } from './log-file.ts';
import { applicationMenu, trayMenu } from './menu.ts';
import { noticeFor } from './notifications.ts';
import { openPreferences } from './preferences.ts';
import { createQuitting } from './quitting.ts';
import { createRunningWork } from './running-work.ts';
import { placeWindow } from './window-state.ts';

const at = '2026-01-02T03:04:05.000Z';
let id = 0;
const event = (type: string, data: Record<string, unknown>): StoredEvent => ({ id: ++id, at, type, data });
const settled = () => new Promise((resolve) => setImmediate(resolve));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-shell-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('events for the window', () => {
  function feed() {
    const sent: (StoredEvent | Gap)[][] = [];
    const waiting: (() => void)[] = [];
    const state = {
      caller: { userId: 'u', name: 'u', role: 'viewer' as const } as { userId: string; name: string; role: 'viewer' } | undefined,
      ended: false,
    };
    const made = createEventFeed({
      caller: () => state.caller,
      ask: async () => (state.ended ? undefined : state.caller),
      mayRead: async (_caller, { data }) => data.migrationId !== 'foreign',
      send: (batch) => void sent.push(batch),
      later: (act) => void waiting.push(act),
    });
    const pass = async () => {
      for (const act of waiting.splice(0)) act();
      await settled();
    };
    return { ...made, sent, pass, state };
  }

  it('come in batches, in order, without what others may not see and without overtaken progress', async () => {
    const { take, sent, pass } = feed();
    const progress = (done: number, key = 1) => event('run.progress', { migrationId: 'own', runId: 'r', key, activity: 'transfer', done });
    take(event('run.started', { migrationId: 'own' }));
    take(progress(1));
    take(event('run.started', { migrationId: 'foreign' }));
    take(progress(5, 2));
    take(progress(2));
    take(event('run.ended', { migrationId: 'own' }));
    await pass();
    expect(sent.map((batch) => batch.map((one) => ('gap' in one ? 'gap' : [one.type, one.data.done])))).toEqual([
      [
        ['run.started', undefined],
        ['run.progress', 5],
        ['run.progress', 2],
        ['run.ended', undefined],
      ],
    ]);
  });

  it('go to nobody whose session has ended, also where the window has not asked since', async () => {
    const { take, sent, pass, state } = feed();
    take(event('run.note', { migrationId: 'own' }));
    await pass();
    state.ended = true;
    take(event('run.note', { migrationId: 'own' }));
    await pass();
    expect(sent).toHaveLength(1);
    state.ended = false;
    take(event('run.ended', { migrationId: 'own' }));
    await pass();
    expect(sent[1]).toMatchObject([{ gap: true }, { type: 'run.ended' }]);
  });

  it('that are too many become a gap; nobody signed in hears none', async () => {
    const { take, sent, pass, state } = feed();
    for (let count = 0; count < 2001; count++) take(event('run.note', { migrationId: 'own' }));
    await pass();
    expect(sent[0]).toHaveLength(2);
    expect(sent[0]?.[0]).toEqual({ gap: true });
    state.caller = undefined;
    take(event('run.note', { migrationId: 'own' }));
    await pass();
    expect(sent).toHaveLength(1);
  });
});

describe('what goes on', () => {
  it('is told by events, and keeps the machine awake', () => {
    const blocker: string[] = [];
    const awake = createAwake({ start: (kind) => blocker.push(kind), stop: () => blocker.push('stop') > 0 });
    const work = createRunningWork(() => awake(work.busy()));
    const of = { migrationId: 'm1', runId: 'r1' };
    work.take(event('operation.started', { migrationId: 'm1', operationId: 'o1', kind: 'sync' }));
    work.take(event('run.started', { ...of, machine: 'web', resumed: false }));
    work.take(event('run.phase', { ...of, phase: 'transfer' }));
    work.take(event('run.progress', { ...of, key: 1, activity: 'transfer', done: 20, total: 100 }));
    work.take(event('run.progress', { ...of, key: 2, activity: 'transfer', done: 30, total: 100 }));
    expect(work.runs()).toEqual([{ ...of, machine: 'web', phase: 'transfer', done: 50, total: 200 }]);
    expect(trayMenu(work.runs(), { open: () => {}, quit: () => {} }).map(({ label }) => label)).toContain('web: transfer 25 %');
    work.take(event('run.ended', { ...of, state: 'succeeded' }));
    expect(work.busy()).toBe(true);
    work.take(event('operation.ended', { migrationId: 'm1', operationId: 'o1', kind: 'sync' }));
    expect(work.busy()).toBe(false);
    expect(blocker).toEqual(['prevent-app-suspension', 'stop']);
    expect(work.machineOf('m1')).toBe('web');
  });

  it('is worth a notice when it is done, failed or needs somebody', () => {
    const machineOf = (migration: string) => (migration === 'm1' ? 'web' : undefined);
    const title = (type: string, data: Record<string, unknown>) => noticeFor(event(type, { migrationId: 'm1', ...data }), machineOf)?.title;
    expect(title('run.ended', { state: 'succeeded' })).toBe('web is protected');
    expect(title('run.ended', { state: 'failed', error: { message: 'No.' } })).toBe('web: the run failed');
    expect(title('run.ended', { state: 'cancelled' })).toBeUndefined();
    expect(title('run.ended', { state: 'failed', error: { code: 'server.stopping' } })).toBeUndefined();
    expect(title('cutover.ended', { state: 'done' })).toBe('web runs at the target');
    expect(title('cutover.ended', { state: 'rolled-back' })).toBe('web: the cutover was undone');
    expect(title('task.changed', { state: 'failed', error: { message: 'Too late.' } })).toBe('web: the cutover did not begin');
    expect(title('task.changed', { state: 'failed' })).toBeUndefined();
    expect(title('task.changed', { state: 'dead' })).toBe('web needs you');
    expect(title('task.changed', { state: 'done' })).toBeUndefined();
    expect(noticeFor(event('run.ended', { migrationId: 'm/2', state: 'failed' }), machineOf)).toMatchObject({ to: '/migrations/m%2F2' });
  });
});

describe('the way out', () => {
  function way(busy: boolean, answers: boolean[]) {
    const steps: string[] = [];
    const quitting = createQuitting({
      busy: () => busy,
      async ask() {
        steps.push('asked');
        return answers.shift() ?? false;
      },
      async close() {
        await settled();
        steps.push('closed');
      },
      exit: () => void steps.push(`exit ${quitting.mayQuit()}`),
      onFailure: (error) => void steps.push(String(error)),
    });
    return { quitting, steps };
  }

  it('asks while a run goes on, once at a time, and stays where the person wants to', async () => {
    const { quitting, steps } = way(true, [false, true]);
    expect([quitting.mayQuit(), quitting.mayQuit()]).toEqual([false, false]);
    await settled();
    expect(steps).toEqual(['asked']);
    expect(quitting.isCertain()).toBe(false);
    expect(quitting.mayQuit()).toBe(false);
    await settled();
    await settled();
    expect(steps).toEqual(['asked', 'asked', 'closed', 'exit true']);
  });

  it('does not ask where nothing runs or the system leaves no choice', async () => {
    const idle = way(false, []);
    idle.quitting.mayQuit();
    const told = way(true, []);
    told.quitting.now();
    told.quitting.now();
    expect(told.quitting.mayQuit()).toBe(false);
    await settled();
    await settled();
    expect([idle.steps, told.steps]).toEqual([
      ['closed', 'exit true'],
      ['closed', 'exit true'],
    ]);
  });
});

describe('what is kept of the desktop', () => {
  it('puts the window where it was, if a display still shows it', () => {
    const displays = [
      { x: 0, y: 0, width: 1920, height: 1050 },
      { x: 1920, y: 0, width: 1280, height: 1000 },
    ];
    const bounds = { x: 2000, y: 50, width: 1100, height: 700 };
    expect(placeWindow({ bounds, maximized: false }, displays)).toEqual(bounds);
    expect(placeWindow({ bounds, maximized: false }, displays.slice(0, 1))).toEqual({ width: 1100, height: 700 });
    expect(placeWindow({ bounds: { ...bounds, y: -500 } }, displays)).toEqual({ width: 1100, height: 700 });
    expect(placeWindow({ bounds: { x: 0, y: 0, width: 5000, height: 10 } }, displays)).toEqual({ x: 0, y: 0, width: 1920, height: 600 });
    for (const broken of [undefined, 'x', {}, { bounds: { x: 'a' } }, { bounds: { x: Number.NaN, y: 0, width: 1, height: 1 } }]) {
      expect(placeWindow(broken, displays)).toEqual({ width: 1280, height: 820 });
    }
  });

  it('is read again, and a broken file is none', () => {
    const path = join(folder, 'a', 'desktop.json');
    const failures: unknown[] = [];
    openPreferences(path, (error) => failures.push(error)).set({ appearance: 'dark', toldGoesOn: true });
    expect(openPreferences(path, (error) => failures.push(error)).get()).toEqual({ appearance: 'dark', toldGoesOn: true });
    expect(failures).toEqual([]);
    writeFileSync(path, '{"appearance": "pur');
    expect(openPreferences(path, (error) => failures.push(error)).get()).toEqual({ appearance: 'system' });
    expect(failures).toHaveLength(1);
  });
});

describe('the log', () => {
  it('never grows beyond its measure and begins anew after a restart where it was', async () => {
    for (let start = 0; start < 2; start++) {
      const log = openLogFile(folder, 100, 3);
      for (let line = 0; line < 12; line++) log.write(`start ${start} line ${String(line).padStart(2, '0')} ${'x'.repeat(20)}\n`);
    }
    expect((await readdir(folder)).sort()).toEqual(['octopus.1.log', 'octopus.2.log', 'octopus.log']);
    const all = ['octopus.2.log', 'octopus.1.log', 'octopus.log'].map((name) => readFileSync(join(folder, name), 'utf8'));
    for (const text of all) expect(text.length).toBeLessThanOrEqual(100);
    expect(all.join('').trim().split('\n').at(-1)).toMatch(/^start 1 line 11/);
  });

  it('goes into the diagnostics without secrets', async () => {
    const logs = join(folder, 'logs');
    await mkdir(logs);
    await writeFile(join(logs, 'octopus.log'), '{"msg":"one"}\n{"msg":"https://ann:hunter2@vcenter/ password=hunter2"}\n');
    await writeFile(join(logs, 'octopus.1.log'), 'older\n');
    const path = join(folder, 'd.tar.gz');
    const about = { settings: [{ name: 'directory.password', value: 'hunter2' }], token: 'hunter2', pages: 3 };
    await writeDiagnostics(path, { logFolder: logs, versions: { octopus: '1.2.3' }, about, now: new Date(at) });
    const files = execFileSync('tar', ['-tzf', path], { encoding: 'utf8' }).trim().split('\n');
    expect(files).toEqual(['about.json', 'logs/octopus.log', 'logs/octopus.1.log'].map((name) => `octopus-diagnostics/${name}`));
    execFileSync('tar', ['-xzf', path, '-C', folder]);
    const read = (name: string) => readFile(join(folder, 'octopus-diagnostics', name), 'utf8');
    expect(JSON.parse(await read('about.json'))).toMatchObject({ at, versions: { octopus: '1.2.3' }, pages: 3 });
    expect(await read('logs/octopus.log')).toContain('{"msg":"one"}');
    for (const name of ['about.json', 'logs/octopus.log']) expect(await read(name)).not.toContain('hunter2');
  });
});

describe('the rest of the shell', () => {
  it('loads a crashed page again, but not for ever', () => {
    let now = 0;
    const policy = createCrashPolicy(() => now);
    expect([policy(), policy(), policy(), policy()]).toEqual(['reload', 'reload', 'reload', 'ask']);
    now = 61_000;
    expect(policy()).toBe('reload');
  });

  it.each(['linux', 'darwin', 'win32'] as const)('has one shortcut for each thing on %s', (platform) => {
    const menu = applicationMenu({ platform, development: false, send() {}, saveDiagnostics() {}, about() {}, quit() {} });
    const items = menu.flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []));
    const keys = items.flatMap(({ accelerator }) => (accelerator ? [accelerator] : []));
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toContain('CmdOrCtrl+Q');
    expect(items.filter(({ role }) => role === 'toggleDevTools')).toEqual([]);
  });
});
