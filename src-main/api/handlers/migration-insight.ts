import type { estimateRoutes } from '../../../src-preload/contract/routes/estimates.ts';
import type { migrationInsightRoutes } from '../../../src-preload/contract/routes/migration-insight.ts';
import type { overviewRoutes } from '../../../src-preload/contract/routes/overview.ts';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { Caller } from '../../domain/user.ts';
import { estimate } from '../../estimation/estimate.ts';
import { forecast } from '../../estimation/forecast.ts';
import { overviewOf } from '../../estimation/overview.ts';
import { bandwidthOfAll } from '../bandwidth-of-all.ts';
import type { HandlersOf } from '../handler.ts';
import { notFound, requireMigration, visibleMigrations } from '../ownership.ts';
import type { Services } from '../services.ts';

/** Machines of one call. */
const MOST_MACHINES = 200;
const worst = ['fail', 'warn', 'pass'] as const;

const askToShare = 'Ask an administrator to share it with you.';

/** That machine is migrated to that target, and this caller may not see it: then they cannot change that migration either. */
async function isHidden(store: Services['store'], caller: Caller, { machineId, targetId }: { machineId: string; targetId: string }) {
  const job = await store.jobs.of(machineId, targetId);
  return job !== undefined && (await visibleMigrations(store, caller))?.has(job.id) === false;
}

type Insights = typeof migrationInsightRoutes & typeof estimateRoutes & typeof overviewRoutes;

export const migrationInsightHandlers: HandlersOf<Insights> = {
  'migrations.check': async ({ query }, { services, signal, caller }) => {
    const [found, hidden] = await Promise.all([services.insight.check(query, signal), isHidden(services.store, caller, query)]);
    const items = found.map((item) => (hidden && item.id === 'conflict' ? { ...item, action: askToShare } : item));
    return { outcome: worst.find((outcome) => items.some((item) => item.outcome === outcome)) ?? 'pass', items };
  },
  'migrations.forecast': async ({ params }, { services, caller }) =>
    forecast(services.store, await requireMigration(services.store, caller, 'see', params.id)),
  'migrations.diskMap': ({ params, query }, { services }) => services.insight.diskMap(params.id, query.cells),
  'estimates.get': async ({ query }, { services }) => {
    const ids = [...new Set(query.machineIds.split(','))];
    if (ids.length > MOST_MACHINES) {
      throw new OctopusError('argument.invalid', `At most ${MOST_MACHINES} machines at once.`, { field: 'machineIds' });
    }
    const machines = [];
    for (const id of ids) {
      const machine = await services.store.machines.find(id);
      if (!machine) throw notFound('machine', id, 'machineIds');
      machines.push(machine);
    }
    const { targetKind, throughput, bandwidthLimit } = query;
    const limits = { migration: bandwidthLimit, all: bandwidthOfAll(services.settings) };
    return estimate(services.store, machines, { targetKind, throughput, limits }, services.now().toISOString());
  },
  'overview.get': async (_input, { services, caller }) => {
    // Whether a target is there nobody tells of: it is looked at, and that is kept.
    await Promise.all((await services.store.targets.list()).map((target) => services.environments.targetSpace(target)));
    return overviewOf(services.store, await visibleMigrations(services.store, caller), services.now());
  },
};
