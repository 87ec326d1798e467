import type { Kysely } from 'kysely';
import type { SecretKind, SecretOwner, SecretOwnerKind, SecretReference } from '../../domain/secret-reference.ts';
import type { Schema } from '../schema.ts';

export interface SecretReferenceRepository {
  /** Adds it, or renews updatedAt of the one that its owner has of this kind. Answers what is stored: its reference may be an older one. */
  put(reference: SecretReference): Promise<SecretReference>;
  find(owner: SecretOwner, kind: SecretKind): Promise<SecretReference | undefined>;
  ofOwner(owner: SecretOwner): Promise<SecretReference[]>;
  list(): Promise<SecretReference[]>;
  remove(reference: string): Promise<void>;
}

export function createSecretReferenceRepository(database: Kysely<Schema>): SecretReferenceRepository {
  const all = () => database.selectFrom('secrets').selectAll();
  const of = (owner: SecretOwner) => all().where('owner_kind', '=', owner.kind).where('owner_id', '=', owner.id);
  return {
    async put({ reference, kind, owner, createdAt, updatedAt }) {
      const row = await database
        .insertInto('secrets')
        .values({ reference, kind, owner_kind: owner.kind, owner_id: owner.id, created_at: createdAt, updated_at: updatedAt })
        .onConflict((conflict) => conflict.columns(['owner_kind', 'owner_id', 'kind']).doUpdateSet({ updated_at: updatedAt }))
        .returningAll()
        .executeTakeFirstOrThrow();
      return fromRow(row);
    },
    async find(owner, kind) {
      const row = await of(owner).where('kind', '=', kind).executeTakeFirst();
      return row && fromRow(row);
    },
    async ofOwner(owner) {
      return (await of(owner).orderBy('kind').execute()).map(fromRow);
    },
    async list() {
      return (await all().orderBy('reference').execute()).map(fromRow);
    },
    async remove(reference) {
      await database.deleteFrom('secrets').where('reference', '=', reference).execute();
    },
  };
}

function fromRow(row: Schema['secrets']): SecretReference {
  return {
    reference: row.reference,
    kind: row.kind as SecretKind,
    owner: { kind: row.owner_kind as SecretOwnerKind, id: row.owner_id },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
