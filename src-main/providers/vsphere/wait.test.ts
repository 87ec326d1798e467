import { expect, test } from 'vitest';
import { unlessCancelled } from './wait.ts';

test('what is shared and fails after the one who waited was cancelled troubles nobody', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    const shared = Promise.withResolvers<void>();
    const cancelled = unlessCancelled(shared.promise, AbortSignal.abort());
    await expect(cancelled).rejects.toMatchObject({ code: 'operation.cancelled' });
    shared.reject(new Error('closed'));
    // Rejections are looked at once the microtasks have ended.
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});
