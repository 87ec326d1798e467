import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { OctopusEvent } from '../../src-preload/contract/events.ts';
import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import { type Api, createApi } from '../api/create-api.ts';
import { createEventAccess } from '../api/ownership.ts';
import { createAudit } from '../audit/audit.ts';
import { type Clock, systemClock } from '../domain/clock.ts';
import { createEventLog, type EventLog } from '../events/event-log.ts';
import { createIdentity, type Identity } from '../identity/identity.ts';
import type { IdentitySettings } from '../identity/settings.ts';
import { createSigningKeys } from '../identity/signing-keys.ts';
import { connectVsphereSource, type OctopusOptions, openOctopus } from '../octopus.ts';
import type { Recovered } from '../replication/replicator.ts';
import type { Logger } from '../rest/request-log.ts';
import type { EventSource } from '../rest/rest-contract.ts';
import type { RestOptions } from '../rest/rest-server.ts';
import { createScheduler, type Scheduler, type SchedulerEvent } from '../scheduler/scheduler.ts';
import { openSettings, type Settings } from '../settings/settings.ts';
import { createSecretKeeper } from '../vault/secret-keeper.ts';
import type { SecretStore } from '../vault/secret-store.ts';
import { createConfiguredDirectory } from './directory-settings.ts';
import { createEnvironments } from './environments.ts';
import { createExecutors, createGoNoGo, isInterrupted } from './executors.ts';
import { openFingerprintKey } from './fingerprint-key.ts';
import { createInsight } from './insight.ts';
import { createLabService } from './lab-service.ts';
import { createOperations } from './operations.ts';
import { createRememberedAccess } from './remembered-access.ts';
import { createReplicationEvents } from './replication-events.ts';
import { takeUp } from './take-up.ts';
import { createTargetMachines } from './target-machines.ts';
import { tellRefusedCutover } from './tell-refused-cutover.ts';

export interface CoreOptions {
  dataFolder: string;
  /** Opened after the data folder is locked; ended with the application. */
  openVault: () => Promise<SecretStore>;
  log: Logger;
  version: string;
  /** `process.env`: overrides of settings. */
  environment: Readonly<Record<string, string | undefined>>;
  connectSource?: OctopusOptions['connectSource'];
  clock?: Clock;
  /** Of users and sessions; settings go before it. Tests make hashing cheap with it. */
  identity?: Partial<IdentitySettings>;
  /** What was done at the start about what an earlier process left. */
  onRecovered?: (recovered: Recovered[]) => void;
}

/** Everything but its doors. Whoever opens it calls `begin` once its doors are open, and closes them before it. */
export interface Core extends AsyncDisposable {
  readonly api: Api;
  readonly identity: Identity;
  readonly settings: Settings;
  readonly vault: SecretStore;
  /** For calls with an Idempotency-Key. */
  readonly idempotency: NonNullable<RestOptions['idempotency']>;
  readonly events: EventSource & Pick<EventLog, 'hasGap'>;
  readonly clock: Clock;
  readonly newId: () => string;
  /** What an earlier process left is dealt with, then schedules run. Operations wait for it. */
  begin(): void;
  /** Lets runs reach a checkpoint, then ends everything. */
  close(): Promise<void>;
}

/** The whole core without a door: neither REST nor a window. */
export async function openCore(options: CoreOptions): Promise<Core> {
  const { log } = options;
  const clock = options.clock ?? systemClock;
  const newId = randomUUID;
  const connect = options.connectSource ?? connectVsphereSource;
  await using opened = new AsyncDisposableStack();
  // Bound once their parts are there: runs begin after that.
  let settings: Settings | undefined;
  let passwordOf: OctopusOptions['passwordOf'];
  let onEvent: OctopusOptions['onEvent'];

  const octopus = opened.use(
    await openOctopus({
      stateFolder: options.dataFolder,
      passwordOf: async (environment) => passwordOf?.(environment),
      connectSource: connect,
      clock,
      limits: {
        get perHost() {
          return settings?.get('replication.parallelDisksPerHost') as number;
        },
        get perDatastore() {
          return settings?.get('replication.parallelDisksPerDatastore') as number;
        },
      },
      tuning: {
        get limit() {
          return settings?.get('replication.bandwidthLimit') || undefined;
        },
      },
      onEvent: (event) => onEvent?.(event),
    }),
  );
  const { store } = octopus;
  const vault = opened.use(await options.openVault());
  const secrets = createSecretKeeper({ vault, references: store.secrets, now: () => clock.now().toISOString(), newId });
  await secrets.sweep(async ({ kind, id }) => kind !== 'source' || (await store.sources.find(id)) !== undefined);
  passwordOf = ({ id }) => secrets.read({ kind: 'source', id }, 'password');
  const fingerprintKey = await openFingerprintKey(vault, randomBytes);
  const known = await openSettings({ variables: store.variables, clock, environment: options.environment });
  settings = known;
  known.onChange(({ name }) => name === 'replication.bandwidthLimit' && octopus.replicator.retune());

  const failed = (what: string) => (error: unknown) => log.error({ error: toOctopusError(error).message }, what);
  const events = createEventLog(store, clock);
  const publish = (event: OctopusEvent) => events.publish(event);
  const replicationEvents = createReplicationEvents(store, publish, failed('an event could not be told'));
  const insight = createInsight(octopus);
  onEvent = (event) => {
    insight.take(event);
    replicationEvents.take(event);
  };

  const minutes = 60_000;
  const directory = createConfiguredDirectory({ settings: known, secrets, clock });
  const identity = createIdentity({
    store,
    clock,
    keys: createSigningKeys({ secrets: vault, random: randomBytes, clock }),
    random: randomBytes,
    directory: directory.current,
    settings: {
      ...options.identity,
      get accessTokenMs() {
        return known.get('auth.accessTokenMinutes') * minutes;
      },
      get refreshTokenMs() {
        return known.get('auth.refreshTokenDays') * 24 * 60 * minutes;
      },
      get sessionMs() {
        return known.get('auth.sessionDays') * 24 * 60 * minutes;
      },
      get delay() {
        return { free: 3, lockAfter: known.get('auth.lockoutAttempts'), lockMs: known.get('auth.lockoutMinutes') * minutes };
      },
    },
  });

  const recovery = new AbortController();
  let begin = () => {};
  const started = new Promise<void>((resolve) => {
    begin = resolve;
  });
  /** Tasks that an earlier process was in the midst of. */
  const begunTasks = new Set<string>();
  /** Ends after `recovered`: it keeps nothing waiting. */
  let cleaned: Promise<unknown> = Promise.resolve();
  const recover = async () => {
    if (recovery.signal.aborted) return;
    const { ended } = await takeUp({ store, operations, now: () => clock.now().toISOString() }, begunTasks);
    const told = (work: Promise<Recovered[]>) => work.then((all) => options.onRecovered?.(all)).catch(notRecovered);
    cleaned = Promise.all([told(ended), told(octopus.replicator.sweep(recovery.signal))]);
  };
  const notRecovered = (error: unknown) => {
    // Stopped while it looked: the next start goes on.
    if (!recovery.signal.aborted) failed('what an earlier process left could not be looked at')(error);
  };
  /** A cutover that the backup tells of as going on may have ended since: it must not go on by itself. */
  let restored = false;
  let recovered = started
    .then(async () => {
      // Runs on the lab's machines go on only where it is back.
      await lab.comeBack(recovery.signal).catch(failed('the lab could not be started anew'));
      restored = (await store.schedules.pausedBy()) === 'restore';
      if (!restored) return recover();
      log.warn('the scheduler is paused since a backup was restored: look at the schedules, then let it go on');
    })
    .catch(notRecovered);
  const environments = createEnvironments({ octopus, secrets, settings: known, connect, publish, clock, newId });
  const operations = createOperations({
    replicator: octopus.replicator,
    publish,
    newId,
    now: () => clock.now(),
    ready: () => recovered,
    isInterrupted: (jobId) => isInterrupted(octopus, jobId),
    enqueue: (request) => scheduler.enqueue(request),
    cancelTask: (id) => scheduler.cancel(id),
    leftTasks: async () => [
      ...(await store.tasks.list({ state: 'waiting', limit: -1 })),
      ...(await store.tasks.list({ state: 'leased', limit: -1 })),
    ],
    onFailure: (migrationId: string, error: OctopusError) =>
      log.warn({ migrationId, code: error.code, error: error.message }, 'an operation failed'),
  });
  const lab = opened.use(
    createLabService({
      environments,
      store,
      clock,
      folder: join(options.dataFolder, 'lab'),
      onTrouble: (trouble, reason) =>
        log.warn({ reason }, trouble === 'lost' ? "the lab's state could not be read: it begins afresh" : "the lab's state cannot be kept"),
    }),
  );
  const scheduler: Scheduler = createScheduler({
    store,
    clock,
    random: Math.random,
    newId,
    executors: createExecutors({ octopus, operations, environments }),
    begun: begunTasks,
    goNoGo: createGoNoGo(octopus),
    limits: {
      get total() {
        return known.get('scheduler.concurrentRuns');
      },
    },
    // The folder's lock says so.
    alone: true,
    onEvent: tellTask,
  });

  function tellTask(event: SchedulerEvent): void {
    if (event.type === 'scheduler.error') {
      failed('the scheduler met an error')(event.error);
      return;
    }
    if (event.type === 'clock.back') {
      log.warn({ milliseconds: event.milliseconds }, 'the clock went back');
      return;
    }
    const { id: taskId, jobId } = event.task;
    const state = event.type.replace('task.', '');
    if (event.type === 'task.failed' && event.refused && event.task.kind === 'cutover') {
      begunTasks.delete(taskId);
      tellRefusedCutover({ store, operations, publish, now: () => clock.now() }, event.task, event.error).catch(
        failed('a cutover that did not begin could not be told'),
      );
      return;
    }
    publish({ type: 'task.changed', data: { taskId, state, ...(jobId === undefined ? {} : { migrationId: jobId }) } }).catch(
      failed('an event could not be told'),
    );
    if (['task.done', 'task.failed', 'task.dead', 'task.cancelled'].includes(event.type)) begunTasks.delete(taskId);
    // The operation's end is told last.
    if (event.type === 'task.done') operations.taskEnded(event.task, undefined);
    else if (event.type === 'task.failed' || event.type === 'task.dead') operations.taskEnded(event.task, event.error);
    else if (event.type === 'task.cancelled') {
      operations.taskEnded(event.task, new OctopusError('operation.cancelled', 'It was cancelled.'));
    }
  }

  const api = createApi({
    version: options.version,
    store,
    identity,
    settings: known,
    audit: createAudit({ activity: store.activity, clock }),
    scheduler: { ...scheduler, resume },
    environments,
    targetMachines: createTargetMachines(octopus),
    operations,
    insight,
    now: () => clock.now(),
    lab,
    directory,
    publish,
  });

  /** After a restore, what was interrupted goes on only now. */
  async function resume(): Promise<void> {
    if (restored) {
      restored = false;
      recovered = recover().catch(notRecovered);
      await recovered;
    }
    await scheduler.resume();
  }

  /** Nobody is served any more: what is going on comes to where it can be resumed. */
  async function onShutdown(): Promise<void> {
    recovery.abort(new OctopusError('server.stopping', 'Octopus is stopping.'));
    begin();
    await scheduler.stop();
    await operations.stop();
    await recovered;
    await cleaned;
    await replicationEvents.settled();
    await events.settled();
  }
  opened.defer(onShutdown);
  const parts = opened.move();

  let begun = false;
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= parts.disposeAsync();
    return closing;
  };
  return {
    api,
    identity,
    settings: known,
    vault,
    idempotency: { answers: store.keptAnswers, fingerprintKey },
    events: {
      since: events.since,
      subscribe: events.subscribe,
      hasGap: events.hasGap,
      mayRead: createRememberedAccess(createEventAccess(store), clock),
    },
    clock,
    newId,
    begin() {
      if (begun) return;
      begun = true;
      begin();
      recovered.then(() => recovery.signal.aborted || scheduler.start());
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
