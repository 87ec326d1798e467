// @vitest-environment happy-dom
import { act, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useSettled } from './use-settled.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the first change counts at once, those that follow fast once they rest', () => {
  const { type, wait } = typing();
  expect(type('w')).toBe('w');
  expect(type('we')).toBe('w');
  expect(wait(50)).toBe('w');
  expect(type('web')).toBe('w');
  expect(wait(50)).toBe('w');
  expect(wait(10)).toBe('web');
  // It rested: the next one counts at once again.
  expect(type('web-')).toBe('web-');
  // Back where it was, before it could be told.
  expect(type('web')).toBe('web-');
  expect(type('web-')).toBe('web-');
  expect(wait(60)).toBe('web-');
});

test('an answer that stands is waited for no longer', () => {
  const { type, wait, answer } = typing();
  expect(type('w')).toBe('w');
  expect(answer()).toBe('w');
  expect(type('we')).toBe('we');
  expect(type('web')).toBe('we');
  expect(answer()).toBe('web');
  // Its own answer is not there yet.
  expect(type('web-')).toBe('web');
  expect(wait(60)).toBe('web-');
});

function typing() {
  const { result, rerender } = renderHook(({ value }) => useSettled(value, 60), { initialProps: { value: '' } });
  const settled = () => result.current[0];
  return {
    type(value: string) {
      rerender({ value });
      return settled();
    },
    wait(milliseconds: number) {
      act(() => void vi.advanceTimersByTime(milliseconds));
      return settled();
    },
    answer() {
      act(() => result.current[1]());
      return settled();
    },
  };
}
