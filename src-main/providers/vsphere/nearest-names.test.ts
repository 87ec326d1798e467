import { expect, it } from 'vitest';
import { nearestNames } from './nearest-names.ts';

it('lists all names where they are few', () => {
  expect(nearestNames('nope', ['web', 'db'])).toBe(' Its machines are db, web.');
  expect(nearestNames('nope', [])).toBe('');
});

it('of many tells the nearest, at most ten, and none that is not near', () => {
  const many = Array.from({ length: 5000 }, (_, number) => `machine-${number}`);
  expect(nearestNames('wbe-01', [...many, 'web-01', 'WEB-02'])).toBe(' The nearest are web-01, WEB-02.');
  expect(nearestNames('Mail', [...many, 'mailserver'])).toBe(' The nearest are mailserver.');
  expect(nearestNames('machine', many).split(', ')).toHaveLength(10);
  expect(nearestNames('qqqq', many)).toBe('');
});
