import { randomBytes, randomUUID } from 'node:crypto';
import type { OctopusEvent } from '../../src-preload/contract/events.ts';
import { type RouteId, routes } from '../../src-preload/contract/routes.ts';
import { type OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import { createApi } from '../api/create-api.ts';
import { createEventAccess } from '../api/ownership.ts';
import { createAudit } from '../audit/audit.ts';
import { type Clock, systemClock } from '../domain/clock.ts';
import { createEventLog } from '../events/event-log.ts';
import { createIdentity, type Identity } from '../identity/identity.ts';
import { createSigningKeys } from '../identity/signing-keys.ts';
import { connectVsphereSource, type OctopusOptions, openOctopus } from '../octopus.ts';
import type { Recovered } from '../replication/replicator.ts';
import type { Logger } from '../rest/request-log.ts';
import type { RestApi } from '../rest/rest-contract.ts';
import { openRestServer, type RestServer } from '../rest/rest-server.ts';
import type { RestSettings } from '../rest/rest-settings.ts';
import { createScheduler, type SchedulerEvent } from '../scheduler/scheduler.ts';
import { openSettings, type Settings } from '../settings/settings.ts';
import { createSecretKeeper } from '../vault/secret-keeper.ts';
import type { SecretStore } from '../vault/secret-store.ts';
import { createConfiguredDirectory } from './directory-settings.ts';
import { createEnvironments } from './environments.ts';
import { createExecutors, createGoNoGo } from './executors.ts';
import { createLabService } from './lab-service.ts';
import { createOperations } from './operations.ts';
import { createRememberedAccess } from './remembered-access.ts';
import { createReplicationEvents } from './replication-events.ts';

export interface ApplicationOptions {
  dataFolder: string;
  /** Opened after the data folder is locked; ended with the application. */
  openVault: () => Promise<SecretStore>;
  /** What the command line says goes before the stored settings. */
  rest: Partial<RestSettings>;
  log: Logger;
  version: string;
  /** `process.env`: overrides of settings. */
  environment: Readonly<Record<string, string | undefined>>;
  connectSource?: OctopusOptions['connectSource'];
  clock?: Clock;
  /** What was done at the start about what an earlier process left. */
  onRecovered?: (recovered: Recovered[]) => void;
}

export interface Application extends AsyncDisposable {
  readonly rest: RestServer;
  readonly identity: Identity;
  readonly settings: Settings;
  /** Lets runs reach a checkpoint, then ends everything. */
  close(): Promise<void>;
}

/** The whole core behind its REST API, without Electron. */
export async function openApplication(options: ApplicationOptions): Promise<Application> {
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
  await secrets.sweep();
  passwordOf = ({ id }) => secrets.read({ kind: 'source', id }, 'password');
  const known = await openSettings({ variables: store.variables, clock, environment: options.environment });
  settings = known;

  const failed = (what: string) => (error: unknown) => log.error({ error: toOctopusError(error).message }, what);
  const events = createEventLog(store, clock);
  const publish = (event: OctopusEvent) => events.publish(event);
  const replicationEvents = createReplicationEvents(store, publish, failed('an event could not be told'));
  onEvent = replicationEvents.take;

  const minutes = 60_000;
  const directory = createConfiguredDirectory({ settings: known, secrets, clock });
  const identity = createIdentity({
    store,
    clock,
    keys: createSigningKeys({ secrets: vault, random: randomBytes, clock }),
    random: randomBytes,
    directory: directory.current,
    settings: {
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
  const recovered = started
    .then(async () => {
      if (!recovery.signal.aborted) options.onRecovered?.(await octopus.replicator.recover(recovery.signal));
    })
    .catch((error) => {
      // Stopped while it looked: the next start goes on.
      if (!recovery.signal.aborted) failed('what an earlier process left could not be looked at')(error);
    });
  const environments = createEnvironments({ octopus, secrets, settings: known, connect, clock, newId });
  const operations = createOperations({
    replicator: octopus.replicator,
    publish,
    newId,
    ready: recovered,
    onFailure: (migrationId: string, error: OctopusError) =>
      log.warn({ migrationId, code: error.code, error: error.message }, 'an operation failed'),
  });
  const lab = opened.use(createLabService(environments));
  const scheduler = createScheduler({
    store,
    clock,
    random: Math.random,
    newId,
    executors: createExecutors({ octopus, operations, environments, clock }),
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
    publish({ type: 'task.changed', data: { taskId, state, ...(jobId === undefined ? {} : { migrationId: jobId }) } }).catch(
      failed('an event could not be told'),
    );
  }

  const api = createApi({
    version: options.version,
    store,
    identity,
    settings: known,
    audit: createAudit({ activity: store.activity, clock }),
    scheduler,
    environments,
    operations,
    lab,
    directory,
    publish,
  });

  /** Nobody is served any more: what is going on comes to where it can be resumed. */
  async function onShutdown(): Promise<void> {
    recovery.abort();
    begin();
    await scheduler.stop();
    await operations.stop();
    await recovered;
    await replicationEvents.settled();
    await events.settled();
  }
  // Where listening fails, this much has been begun.
  opened.defer(onShutdown);

  const rest = await openRestServer({
    routes,
    api: { call: (id, input, context) => api.call(id as RouteId, input, context) } satisfies RestApi,
    authenticate: (bearer) => identity.authenticate(bearer),
    events: { since: events.since, subscribe: events.subscribe, mayRead: createRememberedAccess(createEventAccess(store), clock) },
    log,
    version: options.version,
    clock,
    newId,
    settings: {
      address: known.get('rest.address'),
      port: known.get('rest.port'),
      ...ratesOf(known.get('rest.rateLimitPerMinute')),
      ...options.rest,
    },
  });
  begin();
  recovered.then(() => recovery.signal.aborted || scheduler.start());
  const parts = opened.move();

  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= rest.close().finally(() => parts.disposeAsync());
    return closing;
  };
  return { rest, identity, settings: known, close, [Symbol.asyncDispose]: close };
}

/** An address may be a proxy with several callers behind it. */
function ratesOf(perMinute: number): Pick<RestSettings, 'rates'> {
  const perSecond = perMinute / 60;
  const burst = Math.max(10, Math.ceil(perSecond * 6));
  return {
    rates: {
      address: { burst: burst * 2, perSecond: perSecond * 2 },
      user: { burst, perSecond },
      signIn: { burst: 20, perSecond: 0.5 },
    },
  };
}
