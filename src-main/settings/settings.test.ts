import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../store/store.ts';
import { checkValue, environmentName } from './check-value.ts';
import type { SettingDefinition } from './definition.ts';
import { settingTable } from './setting-table.ts';
import { openSettings, type SettingChange } from './settings.ts';

let store: Store;
beforeEach(async () => {
  store = await openStore(':memory:');
});
afterEach(() => store.close());

const at = '2026-01-02T03:04:05.000Z';
const clock = { now: () => new Date(at) };
const open = (environment: Record<string, string> = {}) => openSettings({ variables: store.variables, clock, environment });

describe('the table', () => {
  const rows = Object.entries(settingTable) as [string, SettingDefinition][];
  it.each(rows)('%s: its default is valid, it is described, and its name fits', (name, definition) => {
    expect(checkValue(name, definition, definition.default)).toBe(definition.default);
    expect(definition.description).toMatch(/^[A-Z].{10,}\.$/);
    expect(name).toMatch(/^[a-z]+\.[a-z][A-Za-z]+$/);
    expect(name).not.toMatch(/password|secret|passphrase/i);
    if (definition.type === 'integer') expect(definition.unit).not.toBe('');
  });

  it('gives each setting a variable of its own', () => {
    const names = rows.map(([name]) => environmentName(name));
    expect(new Set(names).size).toBe(names.length);
    expect(environmentName('replication.parallelDisksPerHost')).toBe('OCTOPUS_REPLICATION_PARALLEL_DISKS_PER_HOST');
    expect(names).not.toContain('OCTOPUS_DEBUG');
  });
});

describe('settings', () => {
  it('are defaults until they are set, and again after a reset', async () => {
    const settings = await open();
    const keep: number = settings.get('retention.defaultKeep');
    expect(keep).toBe(3);
    expect(settings.view('retention.defaultKeep')).toMatchObject({ source: 'default', writable: true, updatedAt: undefined });
    expect(await settings.set('retention.defaultKeep', 7)).toMatchObject({ value: 7, default: 3, source: 'stored', updatedAt: at });
    expect((await open()).get('retention.defaultKeep')).toBe(7);
    expect(await settings.reset('retention.defaultKeep')).toMatchObject({ value: 3, source: 'default' });
    expect((await open()).get('retention.defaultKeep')).toBe(3);
    expect(settings.list()).toHaveLength(Object.keys(settingTable).length);
  });

  it.each([
    ['replication.parallelDisksPerHost', 0, /parallelDisksPerHost must be a whole number from 1 to 64 \(tasks\)\.$/],
    ['replication.parallelDisksPerHost', 65, /from 1 to 64 \(tasks\)/],
    ['replication.parallelDisksPerHost', 1.5, /whole number/],
    ['replication.parallelDisksPerHost', '4', /whole number/],
    ['replication.parallelDisksPerHost', Number.NaN, /whole number/],
    ['replication.bandwidthLimit', 100, /from 65536 to 100000000000 \(bytes a second\), or 0 for no limit/],
    ['auth.accessTokenMinutes', null, /from 1 to 60 \(minutes\)/],
    ['rest.enabled', 'true', /true or false/],
    ['rest.address', '', /IPv4 or IPv6/],
    ['rest.address', 'example.com', /IPv4 or IPv6/],
    ['directory.kind', 'novell', /one of active-directory, ldap/],
    ['directory.urls', 'ldaps://user:hunter2@host', /without a user/],
    ['directory.urls', 'ldaps://a\nhttp://b', /ldaps:\/\/host/],
    ['directory.baseDn', `dc=${'x'.repeat(1001)}`, /at most 1000 characters/],
    ['directory.baseDn', 'dc=a\ndc=b', /distinguished name/],
    ['directory.userFilter', '(a=\u0000)', /RFC 4515/],
  ])('%s refuses %j and says what it takes', async (name, value, message) => {
    const settings = await open();
    const error = await settings.set(name, value).catch((caught: Error) => caught);
    expect(error).toMatchObject({ code: 'argument.invalid', field: name, message: expect.stringMatching(message) });
    expect(String(error)).not.toContain('hunter2');
    expect(await store.variables.list()).toEqual([]);
  });

  it('knows no setting that is not in the table', async () => {
    const settings = await open();
    for (const name of ['nothing', '__proto__', 'constructor', '']) {
      await expect(settings.set(name, 1)).rejects.toMatchObject({ code: 'not.found' });
      await expect(settings.reset(name)).rejects.toMatchObject({ code: 'not.found' });
      expect(() => settings.view(name)).toThrow(expect.objectContaining({ code: 'not.found' }));
    }
  });

  it('reads lists line by line', async () => {
    const settings = await open();
    await settings.set('directory.urls', ' ldaps://a \r\n\nldap://b:389\n');
    expect(settings.get('directory.urls')).toBe('ldaps://a\nldap://b:389');
    await settings.set('directory.urls', '');
    expect(settings.get('directory.urls')).toBe('');
  });

  it('changes several or none', async () => {
    const settings = await open();
    await expect(settings.setAll({ 'rest.port': 9000, 'rest.enabled': 1 })).rejects.toMatchObject({ field: 'rest.enabled' });
    expect(settings.get('rest.port')).toBe(8470);
    await settings.setAll({ 'rest.port': 9000, 'rest.enabled': true });
    expect([settings.get('rest.port'), settings.get('rest.enabled')]).toEqual([9000, true]);
  });

  it('says what waits for a restart, and that it does no more once it is set back', async () => {
    const settings = await open();
    expect(await settings.set('rest.port', 9000)).toMatchObject({ effect: 'restart', restartPending: true });
    expect(await settings.set('replication.bandwidthLimit', 70_000)).toMatchObject({ effect: 'at-once', restartPending: false });
    expect((await open()).view('rest.port').restartPending).toBe(false);
    expect(await settings.reset('rest.port')).toMatchObject({ restartPending: false });
    // Whoever can take it over at once says so.
    settings.onChange(({ name }) => name === 'rest.port' && settings.applied(['rest.port']));
    expect(await settings.set('rest.port', 9001)).toMatchObject({ effect: 'restart', restartPending: false });
  });

  it('tells listeners of what differs, in order, until they stop; one that throws disturbs nobody', async () => {
    const settings = await open();
    const heard: SettingChange[] = [];
    const warnings: unknown[] = [];
    const warn = process.emitWarning;
    process.emitWarning = ((warning: unknown) => warnings.push(warning)) as typeof process.emitWarning;
    try {
      settings.onChange(() => {
        throw new Error('a defect');
      });
      const stop = settings.onChange((change) => heard.push(change));
      await Promise.all([settings.set('rest.port', 9001), settings.set('rest.port', 9002), settings.set('rest.port', 9002)]);
      stop();
      await settings.reset('rest.port');
    } finally {
      process.emitWarning = warn;
    }
    expect(heard).toEqual([
      { name: 'rest.port', before: 8470, after: 9001, effect: 'restart' },
      { name: 'rest.port', before: 9001, after: 9002, effect: 'restart' },
    ]);
    expect(warnings).toHaveLength(3);
    expect(await store.variables.list()).toEqual([]);
  });

  it('are overridden by the environment, shown as such and not writable', async () => {
    await (await open()).set('rest.port', 9000);
    const settings = await open({
      OCTOPUS_REST_PORT: '9100',
      OCTOPUS_REST_ENABLED: 'TRUE',
      OCTOPUS_DIRECTORY_URLS: 'ldaps://a; ldaps://b',
      OCTOPUS_RETENTION_DEFAULT_KEEP: '',
    });
    expect(settings.view('rest.port')).toMatchObject({
      value: 9100,
      source: 'environment',
      writable: false,
      variable: 'OCTOPUS_REST_PORT',
      restartPending: false,
    });
    expect([settings.get('rest.enabled'), settings.get('directory.urls')]).toEqual([true, 'ldaps://a\nldaps://b']);
    expect(settings.view('retention.defaultKeep')).toMatchObject({ source: 'default', writable: true });
    const refused = { code: 'argument.invalid', field: 'rest.port', message: expect.stringContaining('OCTOPUS_REST_PORT') };
    await expect(settings.set('rest.port', 1)).rejects.toMatchObject(refused);
    await expect(settings.reset('rest.port')).rejects.toMatchObject(refused);
    expect((await open()).get('rest.port')).toBe(9000);
  });

  it.each(['70000', 'http', '0x50', '-1', '80.5'])('refuses to start with OCTOPUS_REST_PORT=%s', async (text) => {
    await expect(open({ OCTOPUS_REST_PORT: text })).rejects.toMatchObject({
      code: 'argument.invalid',
      message: 'The environment variable OCTOPUS_REST_PORT must be a whole number from 1 to 65535 (TCP port).',
    });
  });

  it('falls back to the default where the store holds nonsense, and says so', async () => {
    await store.variables.put(
      new Map([
        ['rest.port', '"x"'],
        ['rest.enabled', '{'],
        ['of.anotherVersion', '1'],
      ]),
      at,
    );
    const settings = await open();
    expect(settings.view('rest.port')).toMatchObject({ value: 8470, source: 'default', problem: expect.stringContaining('TCP port') });
    expect(settings.get('rest.enabled')).toBe(false);
    expect(await settings.set('rest.port', 9000)).toMatchObject({ problem: undefined });
    expect((await store.variables.list()).map(({ name }) => name)).toContain('of.anotherVersion');
  });
});
