import { expect, test } from 'vitest';
import { allMachines, isFiltered, queryOf, readFilter } from './machine-filter.ts';

test('what is not asked for is left out of the query', () => {
  expect(queryOf(allMachines)).toEqual({ sort: 'name' });
  expect(queryOf({ ...allMachines, text: '  web\t1 ', powerState: 'on', folder: '' })).toEqual({
    text: 'web 1',
    powerState: 'on',
    sort: 'name',
  });
});

test('a view of another time is read as far as it makes sense', () => {
  expect(readFilter(undefined)).toEqual(allMachines);
  expect(readFilter({ text: 7, powerState: 'asleep', protection: 'none', sort: 'colour', folder: 'prod', more: 1 })).toEqual({
    ...allMachines,
    protection: 'none',
    folder: 'prod',
  });
  expect(readFilter(JSON.parse(JSON.stringify({ ...allMachines, sort: '-memory' })))).toEqual({ ...allMachines, sort: '-memory' });
});

test('an order alone is no filter', () => {
  expect(isFiltered({ ...allMachines, sort: '-memory' })).toBe(false);
  expect(isFiltered({ ...allMachines, text: 'a' })).toBe(true);
});
