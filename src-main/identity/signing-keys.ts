import type { Clock } from '../domain/clock.ts';

export interface SigningKey {
  kid: string;
  secret: Buffer;
}

/** The keys that access tokens are signed with. */
export interface SigningKeys {
  current(): Promise<SigningKey>;
  /** The current one or one that was until lately. */
  byId(kid: string): Promise<SigningKey | undefined>;
}

export interface RotatingKeys extends SigningKeys {
  /** From now on another key signs. What the one before signed stays good until it is over. */
  rotate(): Promise<void>;
}

/** Where secrets are kept: the vault. */
export interface SecretStore {
  get(name: string): Promise<string | undefined>;
  set(name: string, value: string): Promise<void>;
  delete(name: string): Promise<void>;
}

export const SIGNING_KEYS_NAME = 'identity:signing-keys';
const KEY_BYTES = 32;
/** Far longer than an access token lives. */
const KEEP_MS = 24 * 60 * 60_000;
/** Keys retired within that time; the Windows keychain holds no more than 2560 bytes. */
const KEEP_MOST = 10;

interface Ring {
  current: { kid: string; secret: string };
  previous: { kid: string; secret: string; retiredAt: string }[];
}

/** A ring of HMAC keys in one secret, made when it is first asked for. */
export function createSigningKeys(options: { secrets: SecretStore; random: (bytes: number) => Buffer; clock: Clock }): RotatingKeys {
  const { secrets, random, clock } = options;
  const newKey = () => ({ kid: random(9).toString('base64url'), secret: random(KEY_BYTES).toString('base64url') });
  let ring: Promise<Ring> | undefined;

  /** One that could not be read is asked for again by the next call. */
  function hold(next: Promise<Ring>): Promise<Ring> {
    ring = next;
    next.catch(() => {
      if (ring === next) ring = undefined;
    });
    return next;
  }

  const load = () => ring ?? hold(read());

  async function read(): Promise<Ring> {
    const known = parse(await secrets.get(SIGNING_KEYS_NAME));
    if (known) return known;
    const made = { current: newKey(), previous: [] };
    await secrets.set(SIGNING_KEYS_NAME, JSON.stringify(made));
    return made;
  }

  const decode = ({ kid, secret }: { kid: string; secret: string }) => ({ kid, secret: Buffer.from(secret, 'base64url') });
  return {
    current: async () => decode((await load()).current),
    async byId(kid) {
      const { current, previous } = await load();
      const found = [current, ...previous].find((key) => key.kid === kid);
      return found && decode(found);
    },
    async rotate() {
      const before = load();
      const change = before.then(async ({ current, previous }) => {
        const now = clock.now();
        const kept = previous.filter((key) => now.getTime() - Date.parse(key.retiredAt) < KEEP_MS);
        const next = { current: newKey(), previous: [{ ...current, retiredAt: now.toISOString() }, ...kept].slice(0, KEEP_MOST) };
        await secrets.set(SIGNING_KEYS_NAME, JSON.stringify(next));
        return next;
      });
      // Taken at once, so that two rotations follow each other; a failed one leaves what was.
      hold(change.catch(() => before));
      await change;
    },
  };
}

/** Undefined for anything but a ring: what was lost costs no more than a renewal of access tokens. */
function parse(text: string | undefined): Ring | undefined {
  const isKey = (key: unknown) => {
    const { kid, secret } = (key ?? {}) as Record<string, unknown>;
    return typeof kid === 'string' && typeof secret === 'string' && Buffer.from(secret, 'base64url').length === KEY_BYTES;
  };
  try {
    const ring = JSON.parse(text ?? '') as Ring;
    return isKey(ring.current) && ring.previous.every(isKey) ? ring : undefined;
  } catch {
    return undefined;
  }
}
