import { afterAll, beforeAll, expect, test } from 'vitest';
import { setFormatLocale } from '../../ui/format.ts';
import { groupsOf, parseValue, type Setting, typedOf, valueInWords } from './setting-value.ts';

beforeAll(() => setFormatLocale('en'));
afterAll(() => setFormatLocale(undefined));

const setting = (name: string, change: Partial<Setting> = {}): Setting => ({
  ...{ name, type: 'integer', value: 1, default: 1, source: 'default', variable: 'OCTOPUS_X', writable: true, description: 'D.' },
  ...{ range: 'a whole number from 4 to 64 (tasks)', minimum: 4, maximum: 64, effect: 'at-once', restartPending: false },
  ...change,
});

test('every setting stands in one group of one part, also one that this client does not know', () => {
  const names = ['replication.a', 'scheduler.b', 'auth.c', 'rest.d', 'directory.urls', 'directory.new', 'weather.e', 'directory.enabled'];
  const all = names.map((name) => setting(name));
  const shown = ['general', 'sign-in', 'directory', 'api'].flatMap((part) =>
    groupsOf(part, all).flatMap(({ id, settings }) => settings.map(({ name }) => `${part} ${id} ${name}`)),
  );
  expect(shown).toEqual([
    ...['general replication replication.a', 'general scheduler scheduler.b', 'general other weather.e', 'sign-in auth auth.c'],
    ...['directory server directory.urls', 'directory other directory.new', 'api rest rest.d'],
  ]);
});

test('a number outside of its range is refused in words; 0 is allowed where it means no limit', () => {
  const limited = setting('replication.a');
  expect(parseValue(limited, 4)).toEqual({ value: 4 });
  for (const wrong of ['', 3, 65, 4.5, 0, 'x']) expect(parseValue(limited, wrong)).toEqual({ problem: `It must be ${limited.range}.` });
  const open = setting('replication.b', { range: 'a whole number from 4 to 64 (tasks), or 0 for no limit' });
  expect(parseValue(open, 0)).toEqual({ value: 0 });
  expect(parseValue(open, '')).toEqual({ problem: `It must be ${open.range}.` });
  expect(parseValue(setting('x.y', { type: 'text' }), 'z')).toEqual({ value: 'z' });
});

test('a rate is typed in MiB a second and kept in bytes; an empty field is no limit', () => {
  const rate = setting('replication.bandwidthLimit', {
    ...{ unit: 'bytes a second', minimum: 65_536, maximum: 100_000_000_000 },
    range: 'a whole number from 65536 to 100000000000 (bytes a second), or 0 for no limit',
  });
  expect([0, 65_536, 10 * 2 ** 20, 1_500_000].map((bytes) => typedOf(rate, bytes))).toEqual(['', 0.06, 10, 1.43]);
  expect(parseValue(rate, '12.5')).toEqual({ value: 12.5 * 2 ** 20 });
  for (const none of ['', 0]) expect(parseValue(rate, none)).toEqual({ value: 0 });
  for (const wrong of [0.01, 100_000, 'x']) {
    expect(parseValue(rate, wrong)).toEqual({ problem: 'It must be 64 KiB/s to 93.1 GiB/s, or empty for no limit.' });
  }
  expect([0, 10 * 2 ** 20].map((bytes) => valueInWords(rate, bytes))).toEqual(['no limit', '10 MiB/s']);
});

test('values are told in words', () => {
  expect(valueInWords({ type: 'boolean' }, true)).toBe('on');
  expect(valueInWords({ type: 'integer', unit: 'minutes' }, 1440)).toBe('1,440 minutes');
  expect(valueInWords({ type: 'integer', unit: 'TCP port' }, 8470)).toBe('8470');
  expect(valueInWords({ type: 'choice' }, 'active-directory')).toBe('Active Directory');
  expect(valueInWords({ type: 'lines' }, 'a\nb')).toBe('a, b');
  expect(valueInWords({ type: 'text' }, '')).toBe('empty');
});
