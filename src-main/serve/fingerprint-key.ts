import type { SecretStore } from '../vault/secret-store.ts';

const NAME = 'rest:fingerprint-key';
const BYTES = 32;

/** The key that requests with an Idempotency-Key are known again by, also after a restart. Made at the first start. */
export async function openFingerprintKey(vault: Pick<SecretStore, 'get' | 'set'>, random: (bytes: number) => Buffer): Promise<Buffer> {
  const known = Buffer.from((await vault.get(NAME)) ?? '', 'base64url');
  if (known.length === BYTES) return known;
  const made = random(BYTES);
  await vault.set(NAME, made.toString('base64url'));
  return made;
}
