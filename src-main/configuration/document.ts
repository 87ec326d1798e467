import { createHash } from 'node:crypto';
import { z } from 'zod';
import { OctopusError } from '../../workers/octopus-error.ts';

const text = z.string().min(1).max(4096);
const instant = z.iso.datetime();
const bytes = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const count = z.number().int().min(0);
const scalar = z.union([z.string(), z.number(), z.boolean()]);

const inventory = z.object({
  ref: text,
  instanceUuid: text,
  name: text,
  folder: z.string(),
  host: z.string(),
  cluster: z.string().optional(),
  powerState: z.enum(['on', 'off', 'suspended']),
  firmware: z.enum(['bios', 'efi']),
  secureBoot: z.boolean(),
  guestId: z.string(),
  guestName: z.string(),
  tools: z.string(),
  cpus: count,
  memory: bytes,
  hardwareVersion: count,
  changeTracking: z.boolean(),
  template: z.boolean(),
  tags: z.array(z.string()),
  disks: z.array(
    z.object({
      key: z.number().int(),
      objectId: z.string(),
      label: z.string(),
      capacity: bytes,
      datastore: z.string(),
      path: z.string(),
      thin: z.boolean(),
      excluded: z.string().optional(),
    }),
  ),
  adapters: z.array(z.object({ key: z.number().int(), label: z.string(), mac: z.string(), network: z.string(), model: z.string() })),
  snapshotCount: count,
  snapshots: z.array(z.object({ name: z.string(), takenAt: z.string().optional() })).optional(),
  untrackable: z.string().optional(),
  consolidationNeeded: z.boolean(),
});

const grouping = z.enum(['by-name', 'each-alone']);

/** Ids hold inside the document only; an import finds what is there already by what it is. */
const content = {
  sources: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({
        id: text,
        kind: z.literal('vsphere'),
        name: text,
        // Stored, shown and logged: no place for a password.
        url: z.url({ protocol: /^https?$/ }).regex(/^[^:]+:\/\/[^/?#@]*([/?#]|$)/, 'an address holds no user name and no password'),
        username: text,
        thumbprint: text,
        instanceUuid: text,
        createdAt: instant,
      }),
      z.strictObject({
        id: text,
        kind: z.literal('images'),
        name: text,
        place: z.union([z.strictObject({ grouping, folder: text }), z.strictObject({ grouping, files: z.array(text).min(1).max(1000) })]),
        instanceUuid: text,
        createdAt: instant,
      }),
    ]),
  ),
  targets: z.array(
    z.strictObject({
      id: text,
      kind: z.literal('local'),
      name: text,
      location: text,
      settings: z.record(text, scalar),
      createdAt: instant,
    }),
  ),
  jobs: z.array(
    z.strictObject({
      sourceId: text,
      machine: inventory,
      machineSeenAt: instant,
      targetId: text,
      state: z.enum(['active', 'cut-over']),
      settings: z.looseObject({ keep: z.number().int().min(1).max(10_000), verify: z.enum(['written', 'all']), quiesce: z.boolean() }),
      createdAt: instant,
    }),
  ),
  settings: z.record(text, z.json()),
};

const document = z.strictObject({
  format: z.literal('octopus-configuration'),
  version: z.literal(1),
  exportedAt: instant,
  ...content,
  /** Sealed under a passphrase, base64; bound to the rest of the document by its digest. Absent where exported without. */
  secrets: z.base64().optional(),
});

/** Sources, targets, jobs and changed settings; no users, runs or recovery points. Users own jobs, so owners are left out as well. */
export type ConfigurationDocument = z.infer<typeof document>;

/** What is inside `secrets`. */
export const sealedSecrets = z.strictObject({
  digest: z.string(),
  secrets: z.array(
    z.strictObject({
      owner: z.strictObject({ kind: z.enum(['source', 'target', 'directory']), id: text }),
      kind: z.enum(['password', 'token', 'key', 'certificate-key']),
      secret: z.string().min(1),
    }),
  ),
});
export type SealedSecrets = z.infer<typeof sealedSecrets>;

/** What secrets are sealed for: they open nothing else, e.g. no vault. */
export const sealPurpose = 'configuration';

/** `argument.invalid` names the place in the document. */
export function parseConfiguration(input: unknown): ConfigurationDocument {
  const header = z.looseObject({ format: z.literal('octopus-configuration'), version: z.number() }).safeParse(input);
  if (!header.success) throw refuse('This is not a configuration that Octopus exported', 'format');
  if (header.data.version > 1) throw refuse('A newer Octopus exported this configuration: import it with that version', 'version');
  const parsed = document.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refuse(`The configuration cannot be imported: ${issue?.message ?? 'it is not valid'}`, issue?.path.join('.') ?? '');
  }
  const { sources, targets, jobs } = parsed.data;
  const sourceIds = unique(
    'sources',
    sources.map(({ id }) => id),
  );
  const targetIds = unique(
    'targets',
    targets.map(({ id }) => id),
  );
  unique(
    'sources',
    sources.map(({ instanceUuid }) => instanceUuid),
  );
  for (const [index, job] of jobs.entries()) {
    if (!sourceIds.has(job.sourceId))
      throw refuse('The configuration cannot be imported: there is no such source', `jobs.${index}.sourceId`);
    if (!targetIds.has(job.targetId))
      throw refuse('The configuration cannot be imported: there is no such target', `jobs.${index}.targetId`);
  }
  return parsed.data;
}

/** Of everything but the secrets, so that nobody can put another address beside a sealed password. */
export function digestOf({ secrets: _secrets, ...rest }: ConfigurationDocument): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(rest)))
    .digest('hex');
}

// Any tool may have written the document again, with its keys in another order.
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => [key, sorted(inner)]);
}

function unique(field: string, ids: string[]): Set<string> {
  const known = new Set(ids);
  if (known.size !== ids.length) throw refuse('The configuration cannot be imported: one id comes twice', field);
  return known;
}

function refuse(message: string, field: string): OctopusError {
  return new OctopusError('argument.invalid', `${message}${field ? ` (${field})` : ''}.`, { field: field || 'document' });
}
