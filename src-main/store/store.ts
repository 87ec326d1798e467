import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type SqliteDatabase from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { OctopusError } from '../../workers/octopus-error.ts';
import { type BackupResult, backupDatabase } from './backup.ts';
import { addBeginsAt } from './begins-at.ts';
import { migrate } from './migrate.ts';
import { noSpaceFor, tellingOfSpace } from './no-space.ts';
import { makePrivate } from './private-file.ts';
import { type ActivityRepository, createActivityRepository } from './repositories/activity-logs.ts';
import { type ContactRepository, createContactRepository } from './repositories/contacts.ts';
import { type CutoverRepository, createCutoverRepository } from './repositories/cutovers.ts';
import { createVariableRepository, type VariableRepository } from './repositories/env-variables.ts';
import { createEstimateRepository, type EstimateRepository } from './repositories/estimates.ts';
import { createEventRepository, type EventRepository } from './repositories/events.ts';
import { createKeptAnswerRepository, type KeptAnswerRepository } from './repositories/kept-answers.ts';
import { createJobRepository, type JobRepository } from './repositories/migration-jobs.ts';
import { createOverviewRepository, type OverviewRepository } from './repositories/overview.ts';
import { createRecoveryPointRepository, type RecoveryPointRepository } from './repositories/recovery-points.ts';
import { createRefreshTokenRepository, type RefreshTokenRepository } from './repositories/refresh-tokens.ts';
import { createRunDiskRepository, type RunDiskRepository } from './repositories/run-disks.ts';
import { createScheduledTaskRepository, type ScheduledTaskRepository } from './repositories/scheduled-tasks.ts';
import { createScheduleRepository, type ScheduleRepository } from './repositories/schedules.ts';
import { createSecretReferenceRepository, type SecretReferenceRepository } from './repositories/secrets.ts';
import { createShareRepository, type ShareRepository } from './repositories/shares.ts';
import { createSourceEnvironmentRepository, type SourceEnvironmentRepository } from './repositories/source-environments.ts';
import { createRunRepository, type RunRepository } from './repositories/sync-history.ts';
import { createTargetEnvironmentRepository, type TargetEnvironmentRepository } from './repositories/target-environments.ts';
import { createUserRepository, type UserRepository } from './repositories/users.ts';
import { createMachineRepository, type MachineRepository } from './repositories/vms.ts';
import type { Schema } from './schema.ts';
import { openSqlite } from './sqlite.ts';

/** Every write is durable once its promise settles. */
export interface Store extends AsyncDisposable {
  sources: SourceEnvironmentRepository;
  targets: TargetEnvironmentRepository;
  contacts: ContactRepository;
  machines: MachineRepository;
  jobs: JobRepository;
  runs: RunRepository;
  runDisks: RunDiskRepository;
  recoveryPoints: RecoveryPointRepository;
  cutovers: CutoverRepository;
  estimates: EstimateRepository;
  overview: OverviewRepository;
  events: EventRepository;
  schedules: ScheduleRepository;
  tasks: ScheduledTaskRepository;
  activity: ActivityRepository;
  secrets: SecretReferenceRepository;
  variables: VariableRepository;
  users: UserRepository;
  refreshTokens: RefreshTokenRepository;
  shares: ShareRepository;
  keptAnswers: KeptAnswerRepository;
  /** A checked copy in one file, while everything goes on. */
  backup(path: string, signal?: AbortSignal): Promise<BackupResult>;
  close(): Promise<void>;
}

/** Opens or makes the database and brings it up to date. Whoever opens it closes it. */
export async function openStore(path: string): Promise<Store> {
  await mkdir(dirname(path), { recursive: true }).catch((cause: Error) => {
    throw new OctopusError('target.denied', `The folder ${dirname(path)} cannot be made: ${cause.message}.`, { cause });
  });
  const database = openDatabase(path);
  const kysely = new Kysely<Schema>({ dialect: new SqliteDialect({ database: tellingOfSpace(database, path) }) });
  const close = () => kysely.destroy();
  return {
    sources: createSourceEnvironmentRepository(kysely),
    targets: createTargetEnvironmentRepository(kysely),
    contacts: createContactRepository(kysely),
    machines: createMachineRepository(kysely),
    jobs: createJobRepository(kysely),
    runs: createRunRepository(kysely),
    runDisks: createRunDiskRepository(kysely),
    recoveryPoints: createRecoveryPointRepository(kysely),
    cutovers: createCutoverRepository(kysely),
    estimates: createEstimateRepository(kysely),
    overview: createOverviewRepository(kysely),
    events: createEventRepository(kysely),
    schedules: createScheduleRepository(kysely),
    tasks: createScheduledTaskRepository(kysely),
    activity: createActivityRepository(kysely),
    secrets: createSecretReferenceRepository(kysely),
    variables: createVariableRepository(kysely),
    users: createUserRepository(kysely),
    refreshTokens: createRefreshTokenRepository(kysely),
    shares: createShareRepository(kysely),
    keptAnswers: createKeptAnswerRepository(kysely),
    backup: (to, signal) => backupDatabase(database, to, signal),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function openDatabase(path: string): SqliteDatabase.Database {
  let database: SqliteDatabase.Database | undefined;
  try {
    // SQLite's name for none.
    if (path !== ':memory:') makePrivate(path);
    database = openSqlite(path, { timeout: 5000 });
    database.pragma('journal_mode = WAL');
    // FULL: a phase that was stored stays stored through a power loss as well.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    migrate(database);
    addBeginsAt(database);
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof OctopusError) throw cause;
    const full = noSpaceFor(path, cause);
    if (full) throw full;
    const code = String((cause as { code?: unknown }).code ?? '');
    if (/CANTOPEN|READONLY|PERM/.test(code)) {
      throw new OctopusError('target.denied', `The database ${path} cannot be opened for writing: ${(cause as Error).message}.`, { cause });
    }
    if (/BUSY|LOCKED/.test(code)) throw new OctopusError('target.busy', `The database ${path} is in use by another process.`, { cause });
    throw new OctopusError('store.corrupt', `${path} cannot be read as a database: ${(cause as Error).message}.`, { cause });
  }
}
