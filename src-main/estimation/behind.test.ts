import { expect, test } from 'vitest';
import { quietUntil } from '../domain/quiet-until.ts';
import type { Schedule } from '../domain/schedule.ts';
import { nextAfter } from '../scheduler/timing.ts';
import { behindSince } from './behind.ts';

const HOUR = 3_600_000;

/** Without anything that is kept. */
function slowly(newestPoint: string, { timing, createdAt, windows, jitterMs }: Schedule, now: Date): string | undefined {
  const due = nextAfter(timing, createdAt, new Date(newestPoint)) as string;
  const after = nextAfter(timing, createdAt, new Date(due)) as string;
  const patience = jitterMs + Math.min(HOUR, Date.parse(after) - Date.parse(due));
  const begins = quietUntil(windows, new Date(due)) ?? new Date(due);
  return begins.getTime() + patience < now.getTime() ? due : undefined;
}

// Both changes of the clocks of 2026 lie in it.
test('what is kept of an expression answers as the expression does, in any order', () => {
  const createdAt = '2026-01-01T00:00:00.000Z';
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  const windows = [{ zone: 'Europe/Vienna', days: [1, 3, 7], from: '01:30', to: '04:15' }];
  for (const expression of ['30 2 * * *', '*/20 * * * *', '0 3 * * 0', '15 2 1 * *']) {
    const schedule: Schedule = {
      ...{ id: 's', kind: 'run', jobId: 'm', sourceId: undefined, windows, jitterMs: 60_000, priority: 10, payload: {}, enabled: true },
      ...{ timing: { type: 'cron', expression, zone: 'Europe/Vienna' }, nextAt: undefined, createdAt },
    };
    for (let n = 0; n < 300; n++) {
      const point = Date.parse('2026-03-20T00:00:00Z') + random(230 * 24) * HOUR + random(HOUR);
      const newestPoint = new Date(point).toISOString();
      const now = new Date(point + random(48 * HOUR));
      expect(behindSince({ newestPoint, createdAt }, [schedule], now), `${expression} ${newestPoint} ${now.toISOString()}`).toBe(
        slowly(newestPoint, schedule, now),
      );
    }
  }
});
