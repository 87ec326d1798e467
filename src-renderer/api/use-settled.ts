import { useCallback, useEffect, useReducer, useRef } from 'react';

/**
 * What is typed, once the fingers rest, or once what they typed before has been answered. The first change counts in the same moment: who
 * types one letter waits for nothing, and nothing is drawn twice for it.
 *
 * @param milliseconds without a change after which the fingers rest.
 * @returns what counts, and what tells that its answer stands: to be called from an effect.
 */
export function useSettled<Value>(value: Value, milliseconds: number): readonly [Value, answered: () => void] {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const passed = useRef(value);
  const latest = useRef(value);
  const rests = useRef(true);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const pass = useCallback(() => {
    if (passed.current === latest.current) return false;
    passed.current = latest.current;
    redraw();
    return true;
  }, []);
  const wait = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      rests.current = true;
      pass();
    }, milliseconds);
  }, [milliseconds, pass]);
  const answered = useCallback(() => {
    if (pass()) wait();
    else rests.current = true;
  }, [pass, wait]);
  useEffect(() => {
    latest.current = value;
    if (rests.current && passed.current === value) return;
    if (rests.current) passed.current = value;
    rests.current = false;
    wait();
  }, [value, wait]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return [rests.current ? value : passed.current, answered];
}
