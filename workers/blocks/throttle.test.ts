import { describe, expect, it } from 'vitest';
import { Throttle, type WaitingClock } from './throttle.ts';

function fakeClock(): WaitingClock & { advance(ms: number): Promise<void> } {
  let now = 0;
  let timers: { at: number; callback: () => void }[] = [];
  return {
    now: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        const due = timers.filter((one) => one.at <= end).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        timers = timers.filter((one) => one !== due);
        now = due.at;
        due.callback();
        await Promise.resolve();
      }
      now = end;
      await Promise.resolve();
    },
  };
}

describe('throttle', () => {
  it('passes at the rate, and follows a change of it while callers wait', async () => {
    const clock = fakeClock();
    const throttle = new Throttle(1000, clock);
    let passed = 0;
    for (let i = 0; i < 100; i++) void throttle.take(100)?.then(() => (passed += 100));
    await clock.advance(2000);
    expect(passed).toBeGreaterThanOrEqual(1900);
    expect(passed).toBeLessThanOrEqual(2200);
    throttle.setRate(4000);
    await clock.advance(1000);
    expect(passed).toBeGreaterThanOrEqual(5800);
    expect(passed).toBeLessThanOrEqual(6300);
    throttle.setRate(undefined);
    await clock.advance(0);
    expect(passed).toBe(10_000);
    expect(throttle.take(1)).toBeUndefined();
  });

  it('lets a waiting caller be cancelled, and the next one pass', async () => {
    const clock = fakeClock();
    const throttle = new Throttle(10, clock);
    const abort = new AbortController();
    await throttle.take(100);
    const waiting = throttle.take(1, abort.signal);
    let passed = false;
    void throttle.take(1)?.then(() => (passed = true));
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'operation.cancelled' });
    await clock.advance(10_100);
    expect(passed).toBe(true);
  });
});
