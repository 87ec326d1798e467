import { useCallback, useEffect, useRef, useState } from 'react';
import { useCore } from '../../api/queries.tsx';
import { type Plan, scheduleOf, settingsOf, timingOf } from './plan.ts';
import { type Progress, type StartCalls, startAll, waiting } from './start.ts';

/** Makes migrations as planned, and tells how far each machine is. A press that comes twice counts once. */
export function useStart(onDone: (all: readonly Progress[]) => void) {
  const { client, invalidator } = useCore();
  const [progress, setProgress] = useState<readonly Progress[]>();
  const [running, setRunning] = useState(false);
  const busy = useRef(false);
  const shown = useRef(true);
  const told = useRef(onDone);
  told.current = onDone;
  useEffect(() => {
    shown.current = true;
    return () => {
      shown.current = false;
    };
  }, []);

  const run = useCallback(
    async (before: readonly Progress[], plan: Plan, targetId: string) => {
      if (busy.current) return;
      busy.current = true;
      setRunning(true);
      setProgress(before);
      const settings = settingsOf(plan);
      const count = before.length;
      const calls: StartCalls = {
        create: async (machineId) => (await client.call('migrations.create', { body: { machineId, targetId, settings } })).id,
        find: async (machineId) => {
          const { items } = await client.call('migrations.list', { query: { machineId, limit: 500 } });
          return items.find((migration) => migration.targetId === targetId)?.id;
        },
        schedule: timingOf(plan.rhythm)
          ? async (id) => {
              const body = scheduleOf(plan.rhythm, id, count);
              if (body) await client.call('schedules.create', { body });
            }
          : undefined,
        hasSchedule: async (migrationId) => {
          const { items } = await client.call('schedules.list', { query: { migrationId } });
          return items.some(({ kind }) => kind === 'run');
        },
        sync: plan.syncNow ? async (id) => void (await client.call('migrations.sync', { params: { id }, body: {} })) : undefined,
        hasRun: async (id) => {
          const { working, lastRun, lastFailure } = await client.call('migrations.get', { params: { id } });
          return working !== undefined || lastRun !== undefined || lastFailure !== undefined;
        },
        wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      };
      const after = await startAll(before, calls, (now) =>
        setProgress((all) => all?.map((one) => (one.machineId === now.machineId ? now : one))),
      );
      busy.current = false;
      setRunning(false);
      invalidator.action('migrations.create');
      if (shown.current) told.current(after);
    },
    [client, invalidator],
  );

  const start = useCallback((ids: readonly string[], plan: Plan, targetId: string) => void run(ids.map(waiting), plan, targetId), [run]);
  const retry = useCallback((plan: Plan, targetId: string) => progress && void run(progress, plan, targetId), [run, progress]);
  return { progress, running, start, retry, forget: () => setProgress(undefined) };
}
