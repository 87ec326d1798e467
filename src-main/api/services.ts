import type { z } from 'zod';
import type { OctopusEvent } from '../../src-preload/contract/events.ts';
import type { Check, DiskMap } from '../../src-preload/contract/routes/migration-insight.ts';
import type { sourceProbe } from '../../src-preload/contract/routes/sources.ts';
import type { targetProbe } from '../../src-preload/contract/routes/targets.ts';
import type { Audit } from '../audit/audit.ts';
import type { CutoverSettings } from '../domain/cutover.ts';
import type { ImageGrouping } from '../domain/images-place.ts';
import type { Job, JobSettings, Removal } from '../domain/job.ts';
import type { DirectoryReport, DirectoryTestOptions } from '../identity/directory/test-connection.ts';
import type { Identity } from '../identity/identity.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { Settings } from '../settings/settings.ts';
import type { ImagesEnvironment, SourceEnvironment, VsphereEnvironment } from '../store/repositories/source-environments.ts';
import type { TargetEnvironment } from '../store/repositories/target-environments.ts';
import type { Store } from '../store/store.ts';
import type { TargetMachineService } from './target-machines.ts';

export interface SourceLogin {
  /** What people call it; its host where nobody said. */
  name?: string | undefined;
  url: string;
  username: string;
  password: string;
  thumbprint: string;
}

/** `folder` or `files`; grouped by name where nothing is said. */
export interface ImagesChoice {
  name?: string | undefined;
  folder?: string | undefined;
  files?: string[] | undefined;
  grouping?: ImageGrouping | undefined;
}

export type SourceTrial =
  | ({ kind: 'images' } & ImagesChoice)
  | ({ kind?: 'vsphere' | undefined; url: string } & Partial<Record<'username' | 'password' | 'thumbprint', string | undefined>>);

/** What is done with sources and targets beyond reading their rows. `not.found` where there is none of that id. */
export interface EnvironmentService {
  /** Logs in, then stores it; the password goes to the vault. */
  addSource(login: SourceLogin, signal: AbortSignal): Promise<VsphereEnvironment>;
  /** Looks at the images, then stores where they are. */
  addImages(choice: ImagesChoice, signal: AbortSignal): Promise<ImagesEnvironment>;
  updateImages(id: string, changes: ImagesChoice, signal: AbortSignal): Promise<ImagesEnvironment>;
  /** Stores nothing; what is wrong with the source is in the answer. */
  probeSource(trial: SourceTrial, signal: AbortSignal): Promise<z.input<typeof sourceProbe>>;
  /** Logs in with what is new and what is known, then stores it; for another name alone it need not answer. */
  updateSource(
    id: string,
    changes: { [Key in keyof SourceLogin]?: SourceLogin[Key] | undefined },
    signal: AbortSignal,
  ): Promise<SourceEnvironment>;
  /** `conflict.in-use` while a job needs it. */
  removeSource(id: string): Promise<void>;
  /** Logs in anew. Whether it answered is kept. */
  testSource(id: string, signal: AbortSignal): Promise<{ name: string; version: string; tookMs: number }>;
  /** Whether it answered is kept; events tell of it. */
  syncSource(id: string, signal: AbortSignal): Promise<{ machines: number; removed: number; tookMs: number }>;
  addLocalTarget(folder: string, name?: string): Promise<TargetEnvironment>;
  probeTarget(folder: string): Promise<z.input<typeof targetProbe>>;
  /** In the home of who runs Octopus; undefined where there is none that can be written to. */
  suggestTarget(): Promise<string | undefined>;
  /** Undefined where the target does not tell in time; that is kept, and told of when it changes. */
  targetSpace(target: TargetEnvironment): Promise<{ freeBytes: number; totalBytes: number } | undefined>;
  renameTarget(id: string, name: string): Promise<TargetEnvironment>;
  /** `conflict.in-use` while a job needs it. */
  removeTarget(id: string): Promise<void>;
  /** `conflict.exists` where the machine is replicated to that target already. */
  addMigration(
    wanted: {
      machineId: string;
      targetId: string;
      ownerId: string;
      settings: { [Key in keyof JobSettings]?: JobSettings[Key] | undefined };
    },
    signal: AbortSignal,
  ): Promise<Job>;
}

export type OperationRequest =
  | { kind: 'sync'; run: 'incremental' | 'reconcile' }
  | { kind: 'cutover'; settings: { [Key in keyof CutoverSettings]?: CutoverSettings[Key] | undefined } }
  | { kind: 'rollback' }
  | { kind: 'verify'; recoveryPointId?: string | undefined };

/** Long work on a job. It goes on after the call; events tell of it. */
export interface OperationService {
  /** `source.busy` where the job is busy already. */
  begin(jobId: string, request: OperationRequest): Promise<{ operationId: string }>;
  /** Answers whether there was something to cancel. */
  cancel(jobId: string): Promise<boolean>;
  /** What the job is busy with, or waits to begin. */
  working(jobId: string): Promise<OperationRequest['kind'] | undefined>;
  /** Forgets the job, and its replicas at the target where these are to be removed. `source.busy` where it is busy. */
  remove(jobId: string, what: Removal, signal: AbortSignal): Promise<void>;
  /** Bytes a second of its runs together, from now on; 0: none. */
  limit(jobId: string, bytesPerSecond: number): void;
}

/** What is found out by looking at sources, targets and journals; nothing is changed. */
export interface InsightService {
  check(wanted: { machineId: string; targetId: string; quiesce: boolean }, signal: AbortSignal): Promise<Check[]>;
  /** `cells`: the most of each disk. */
  diskMap(jobId: string, cells: number): Promise<DiskMap>;
}

export interface LabStatus {
  running: boolean;
  url?: string | undefined;
  machines: number;
  sourceId?: string | undefined;
  /** How it was started last. */
  last?: LabOptions | undefined;
  /** Of its state: it could not be read, so the lab began afresh; or it cannot be kept, so the next start will. */
  trouble?: 'lost' | 'notKept' | undefined;
}

export interface LabOptions {
  machines?: number | undefined;
  seed: number;
}

export interface LabService {
  status(): LabStatus;
  /** Without `machines` it holds a dozen small samples. */
  start(options: LabOptions, signal: AbortSignal): Promise<LabStatus>;
  stop(): Promise<void>;
}

/** The directory beyond its settings. */
export interface DirectoryService {
  state(): Promise<{ enabled: boolean; passwordStored: boolean }>;
  /** Of the service account, in the vault. */
  keepPassword(password: string): Promise<void>;
  forgetPassword(): Promise<void>;
  /** With the settings as they are; what is wrong with them is part of the report. */
  test(options: Pick<DirectoryTestOptions, 'sampleUser' | 'signal'>): Promise<DirectoryReport>;
}

/** All that the handlers work with. */
export interface Services {
  /** Of Octopus. */
  version: string;
  store: Pick<
    Store,
    | 'sources'
    | 'targets'
    | 'contacts'
    | 'machines'
    | 'jobs'
    | 'runs'
    | 'cutovers'
    | 'recoveryPoints'
    | 'shares'
    | 'schedules'
    | 'tasks'
    | 'estimates'
    | 'overview'
  >;
  identity: Pick<
    Identity,
    | 'isSetUp'
    | 'setUp'
    | 'signIn'
    | 'refresh'
    | 'signOut'
    | 'changePassword'
    | 'listUsers'
    | 'getUser'
    | 'createUser'
    | 'updateUser'
    | 'signOutUser'
    | 'rotateKey'
  >;
  settings: Pick<Settings, 'list' | 'view' | 'set' | 'reset'>;
  audit: Pick<Audit, 'record' | 'list' | 'export' | 'verify'>;
  scheduler: Pick<Scheduler, 'pause' | 'resume' | 'isPaused' | 'pausedBy' | 'cancel' | 'revive' | 'putSchedule' | 'removeSchedule'>;
  environments: EnvironmentService;
  targetMachines: TargetMachineService;
  operations: OperationService;
  insight: InsightService;
  lab: LabService;
  directory: DirectoryService;
  now(): Date;
  publish(event: OctopusEvent): Promise<unknown>;
}
