import { useEffect, useReducer, useRef } from 'react';

/**
 * What is typed, once the fingers rest. The first change counts in the same moment: who types one letter waits for nothing, and nothing is
 * drawn twice for it.
 */
export function useSettled<Value>(value: Value, milliseconds: number): Value {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const passed = useRef(value);
  const rests = useRef(true);
  useEffect(() => {
    if (rests.current && passed.current === value) return;
    if (rests.current) passed.current = value;
    rests.current = false;
    const timer = setTimeout(() => {
      rests.current = true;
      if (passed.current === value) return;
      passed.current = value;
      redraw();
    }, milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return rests.current ? value : passed.current;
}
