import { OctopusError } from '../../workers/octopus-error.ts';
import type { SourceEnvironment } from '../store/repositories/source-environments.ts';
import { unseal } from '../vault/seal.ts';
import type { SecretKeeper } from '../vault/secret-keeper.ts';
import { type ConfigurationDocument, digestOf, parseConfiguration, type SealedSecrets, sealedSecrets, sealPurpose } from './document.ts';
import type { ConfigurationStore } from './export-configuration.ts';

export interface ImportOptions {
  store: ConfigurationStore;
  keeper: SecretKeeper;
  /** The settings service's: checks every value and stores all or none. */
  setAll: (values: Readonly<Record<string, unknown>>) => Promise<unknown>;
  newId: () => string;
  /** For a document with secrets; without it they are left out. */
  passphrase?: string;
}

export interface ImportResult {
  sources: number;
  targets: number;
  jobs: number;
  settings: number;
  secrets: number;
  /** Names of the sources whose password has to be given again. */
  passwordsNeeded: string[];
}

/**
 * Adds what is not there and renews what is: sources by their vCenter, targets by their place, jobs by machine and target. Removes nothing.
 * All is checked before anything is changed; may be repeated, also after it was cut short. A source whose address, user or certificate the
 * document changes loses its stored password, so that no password is ever sent to where it was not meant for.
 */
export async function importConfiguration(input: unknown, options: ImportOptions): Promise<ImportResult> {
  const { store, keeper, newId } = options;
  const document = parseConfiguration(input);
  const secrets = await openSecrets(document, options.passphrase);
  const given = new Set(secrets.map(({ owner, kind }) => `${owner.kind} ${owner.id} ${kind}`));
  if (Object.keys(document.settings).length > 0) await options.setAll(document.settings);

  const known = new Map((await store.sources.list()).map((source) => [source.instanceUuid, source]));
  const ids = new Map<string, string>();
  const passwordsNeeded: string[] = [];
  for (const source of document.sources) {
    const before = known.get(source.instanceUuid);
    const owner = before && ({ kind: 'source', id: before.id } as const);
    // Forgotten before the address changes: cut short in between, the password is missing and not sent elsewhere.
    if (before && owner && !sameAccount(before, source)) await keeper.forget(owner);
    const { id } = await store.sources.put({ ...source, id: newId() });
    ids.set(`source ${source.id}`, id);
    if (source.kind === 'images') continue;
    if (!given.has(`source ${source.id} password`) && !(await keeper.has({ kind: 'source', id }, 'password')))
      passwordsNeeded.push(source.name);
  }
  for (const target of document.targets) {
    ids.set(`target ${target.id}`, (await store.targets.put({ ...target, id: newId() })).id);
  }
  for (const { owner, kind, secret } of secrets) {
    // What the directory owns has a fixed word for an id, the same everywhere.
    const id = owner.kind === 'directory' ? owner.id : ids.get(`${owner.kind} ${owner.id}`);
    if (id !== undefined) await keeper.keep({ kind: owner.kind, id }, kind, secret);
  }
  await importJobs(document, options, (key) => ids.get(key) ?? '');
  return {
    sources: document.sources.length,
    targets: document.targets.length,
    jobs: document.jobs.length,
    settings: Object.keys(document.settings).length,
    secrets: secrets.length,
    passwordsNeeded,
  };
}

async function importJobs({ jobs }: ConfigurationDocument, { store, newId }: ImportOptions, idOf: (key: string) => string): Promise<void> {
  const machines = new Map(
    (await store.machines.list()).map((machine) => [`${machine.sourceEnvironmentId} ${machine.inventory.instanceUuid}`, machine.id]),
  );
  for (const job of jobs) {
    const sourceEnvironmentId = idOf(`source ${job.sourceId}`);
    const key = `${sourceEnvironmentId} ${job.machine.instanceUuid}`;
    // A machine that is known here was seen by this installation itself: that is newer than what the document says.
    const inventory = {
      ...job.machine,
      cluster: job.machine.cluster,
      disks: job.machine.disks.map((disk) => ({ ...disk, excluded: disk.excluded })),
    };
    const machineId =
      machines.get(key) ?? (await store.machines.put({ id: newId(), sourceEnvironmentId, inventory, seenAt: job.machineSeenAt })).id;
    machines.set(key, machineId);
    await store.jobs.put({
      id: newId(),
      machineId,
      targetEnvironmentId: idOf(`target ${job.targetId}`),
      state: job.state,
      settings: job.settings,
      createdAt: job.createdAt,
    });
  }
}

function sameAccount(one: SourceEnvironment, other: ConfigurationDocument['sources'][number]): boolean {
  if (one.kind !== 'vsphere' || other.kind !== 'vsphere') return false;
  return one.url === other.url && one.username === other.username && one.thumbprint === other.thumbprint;
}

async function openSecrets(document: ConfigurationDocument, passphrase: string | undefined): Promise<SealedSecrets['secrets']> {
  if (document.secrets === undefined || passphrase === undefined) return [];
  const { plain } = await unseal(Buffer.from(document.secrets, 'base64'), passphrase, sealPurpose, 'The configuration');
  const opened = sealedSecrets.safeParse(JSON.parse(plain.toString()));
  plain.fill(0);
  // Not with zod's error as the cause: it may quote what it found.
  if (!opened.success || opened.data.digest !== digestOf(document)) {
    throw new OctopusError(
      'vault.corrupt',
      'The configuration was altered after it was exported, so its secrets are not imported: export it again.',
    );
  }
  return opened.data.secrets;
}
