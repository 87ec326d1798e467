import type { Store } from '../store/store.ts';
import { checkNewPassphrase } from '../vault/passphrase.ts';
import { deriveSealKey, type RandomBytes, seal } from '../vault/seal.ts';
import type { SecretKeeper } from '../vault/secret-keeper.ts';
import { type ConfigurationDocument, digestOf, parseConfiguration, type SealedSecrets, sealPurpose } from './document.ts';

export type ConfigurationStore = Pick<Store, 'sources' | 'targets' | 'machines' | 'jobs' | 'variables' | 'secrets'>;

export interface ExportOptions {
  store: ConfigurationStore;
  now: () => Date;
  /** Given: the secrets of sources, targets and the directory go along, under this passphrase. What belongs to this installation (its signing keys) never does. */
  secrets?: { keeper: SecretKeeper; passphrase: string; random?: RandomBytes };
}

export async function exportConfiguration({ store, now, secrets }: ExportOptions): Promise<ConfigurationDocument> {
  if (secrets) checkNewPassphrase(secrets.passphrase);
  const [sources, targets, jobs, variables] = await Promise.all([
    store.sources.list(),
    store.targets.list(),
    store.jobs.list(),
    store.variables.list(),
  ]);
  const machines = new Map((await store.machines.list()).map((machine) => [machine.id, machine]));
  // Parsed, so that what is exported is what will be imported: also without keys that hold undefined.
  const document = parseConfiguration({
    format: 'octopus-configuration',
    version: 1,
    exportedAt: now().toISOString(),
    sources: sources.map((source) => ({ ...source })),
    targets: targets.map(({ id, kind, name, location, settings, createdAt }) => ({ id, kind, name, location, settings, createdAt })),
    jobs: jobs.flatMap(({ machineId, targetEnvironmentId, state, settings, createdAt }) => {
      const machine = machines.get(machineId);
      if (!machine) return [];
      const { sourceEnvironmentId, inventory, seenAt } = machine;
      return [
        {
          sourceId: sourceEnvironmentId,
          machine: inventory,
          machineSeenAt: seenAt,
          targetId: targetEnvironmentId,
          state,
          settings,
          createdAt,
        },
      ];
    }),
    settings: Object.fromEntries(variables.map(({ name, value }) => [name, JSON.parse(value) as unknown])),
  });
  const plain = JSON.parse(JSON.stringify(document)) as ConfigurationDocument;
  if (!secrets) return plain;
  const { keeper, passphrase, random } = secrets;
  const sealed: SealedSecrets = { digest: digestOf(plain), secrets: [] };
  for (const { owner, kind } of await store.secrets.list()) {
    if (owner.kind === 'application') continue;
    const secret = await keeper.read(owner, kind);
    if (secret !== undefined) sealed.secrets.push({ owner: { kind: owner.kind, id: owner.id }, kind, secret });
  }
  const key = await deriveSealKey(passphrase, random?.(32));
  return { ...plain, secrets: seal(Buffer.from(JSON.stringify(sealed)), key, sealPurpose, random).toString('base64') };
}
