import type { SecretKind, SecretOwner, SecretReference } from '../domain/secret-reference.ts';
import type { SecretStore } from './secret-store.ts';

/** What the store's repository offers; named here, because the vault does not know the database. */
export interface SecretReferences {
  put(reference: SecretReference): Promise<SecretReference>;
  find(owner: SecretOwner, kind: SecretKind): Promise<SecretReference | undefined>;
  ofOwner(owner: SecretOwner): Promise<SecretReference[]>;
  list(): Promise<SecretReference[]>;
  remove(reference: string): Promise<void>;
}

/** Secrets by whom they belong to: the database knows that there is one, the vault knows which. For services; no route reads one back. */
export interface SecretKeeper {
  keep(owner: SecretOwner, kind: SecretKind, secret: string): Promise<void>;
  /** undefined where there is none, also where the vault lost it. */
  read(owner: SecretOwner, kind: SecretKind): Promise<string | undefined>;
  has(owner: SecretOwner, kind: SecretKind): Promise<boolean>;
  /** All that the owner has. */
  forget(owner: SecretOwner): Promise<void>;
  /**
   * Removes what a crash left: secrets of owners that are gone, and what is in the vault without a row, of what this keeper put there.
   * Answers how many. At start, before anything else keeps secrets.
   */
  sweep(isThere?: (owner: SecretOwner) => Promise<boolean>): Promise<number>;
}

export interface SecretKeeperParts {
  vault: SecretStore;
  references: SecretReferences;
  now: () => string;
  newId: () => string;
}

export function createSecretKeeper({ vault, references, now, newId }: SecretKeeperParts): SecretKeeper {
  return {
    async keep(owner, kind, secret) {
      const known = await references.find(owner, kind);
      const reference = known?.reference ?? `kept:${owner.kind}:${newId()}`;
      // The secret first: a row must never point at nothing because of a crash. The other way round sweep() cleans up.
      await vault.set(reference, secret);
      const stored = await references.put({ reference, kind, owner, createdAt: known?.createdAt ?? now(), updatedAt: now() });
      // Two at once kept the first secret of an owner: the row has the other's reference, and the later secret is the one that counts.
      if (stored.reference !== reference) {
        await vault.set(stored.reference, secret);
        await vault.delete(reference);
      }
    },
    async read(owner, kind) {
      const known = await references.find(owner, kind);
      return known && vault.get(known.reference);
    },
    async has(owner, kind) {
      return (await references.find(owner, kind)) !== undefined;
    },
    async forget(owner) {
      for (const { reference } of await references.ofOwner(owner)) {
        await vault.delete(reference);
        await references.remove(reference);
      }
    },
    async sweep(isThere = async () => true) {
      let gone = 0;
      for (const { reference, owner } of await references.list()) {
        if (await isThere(owner)) continue;
        await vault.delete(reference);
        await references.remove(reference);
        gone++;
      }
      const known = new Set((await references.list()).map(({ reference }) => reference));
      const lost = (await vault.list()).filter((reference) => reference.startsWith('kept:') && !known.has(reference));
      for (const reference of lost) await vault.delete(reference);
      return gone + lost.length;
    },
  };
}
