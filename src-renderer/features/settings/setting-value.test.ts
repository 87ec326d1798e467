import { afterAll, beforeAll, expect, test } from 'vitest';
import { setFormatLocale } from '../../ui/format.ts';
import { groupsOf, parseValue, readingOf, type Setting, valueInWords } from './setting-value.ts';

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
  const open = setting('replication.b', {
    range: 'a whole number from 4 to 64 (bytes a second), or 0 for no limit',
    unit: 'bytes a second',
  });
  expect(parseValue(open, 0)).toEqual({ value: 0 });
  expect(readingOf(open, 0)).toBe('No limit.');
  expect(readingOf({ ...open, maximum: 1e12 }, 10 * 1024 * 1024)).toBe('That is 10 MiB/s.');
  expect(parseValue(setting('x.y', { type: 'text' }), 'z')).toEqual({ value: 'z' });
});

test('values are told in words', () => {
  expect(valueInWords({ type: 'boolean' }, true)).toBe('on');
  expect(valueInWords({ type: 'integer', unit: 'minutes' }, 1440)).toBe('1,440 minutes');
  expect(valueInWords({ type: 'integer', unit: 'TCP port' }, 8470)).toBe('8470');
  expect(valueInWords({ type: 'choice' }, 'active-directory')).toBe('Active Directory');
  expect(valueInWords({ type: 'lines' }, 'a\nb')).toBe('a, b');
  expect(valueInWords({ type: 'text' }, '')).toBe('empty');
});
