import { createCipheriv, createDecipheriv, createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { OctopusError } from '../../workers/octopus-error.ts';

/** Bytes from the system unless a test gives others. */
export type RandomBytes = (size: number) => Buffer;

/** A passphrase made costly: 32 bytes that encrypt and 32 that only prove the passphrase right. Slow to make (about 0.4 s, 128 MiB). */
export interface SealKey {
  salt: Buffer;
  encryption: Buffer;
  proof: string;
}

/** OWASP's first choice for scrypt: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt */
const cost = { N: 2 ** 17, r: 8, p: 1 };
const MAGIC = 'octopus-sealed';

interface Header {
  format: typeof MAGIC;
  version: 1;
  purpose: string;
  scrypt: { N: number; r: number; p: number };
  salt: string;
  /** Tells a wrong passphrase from altered content. Guessing against it costs the same scrypt as guessing against the cipher's tag. */
  proof: string;
  cipher: 'aes-256-gcm';
  nonce: string;
}

export async function deriveSealKey(passphrase: string, salt: Buffer = randomBytes(32)): Promise<SealKey> {
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    // Composed, so that the same passphrase typed on another system is the same bytes. maxmem: scrypt needs 128·N·r and a little.
    scrypt(passphrase.normalize('NFC'), salt, 64, { ...cost, maxmem: 256 * cost.N * cost.r }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
  const proof = createHmac('sha256', bytes.subarray(32)).update(MAGIC).digest('base64');
  return { salt, encryption: bytes.subarray(0, 32), proof };
}

/** One header line of JSON (authenticated, not secret), then the ciphertext and its tag. A new nonce each time. */
export function seal(plain: Buffer, key: SealKey, purpose: string, random: RandomBytes = randomBytes): Buffer {
  const nonce = random(12);
  const header: Header = {
    format: MAGIC,
    version: 1,
    purpose,
    scrypt: cost,
    salt: key.salt.toString('base64'),
    proof: key.proof,
    cipher: 'aes-256-gcm',
    nonce: nonce.toString('base64'),
  };
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  const cipher = createCipheriv('aes-256-gcm', key.encryption, nonce, { authTagLength: 16 });
  cipher.setAAD(line);
  return Buffer.concat([line, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** `vault.passphrase` for a wrong passphrase, `vault.corrupt` for anything that is not what was sealed. `name` is for the message. */
export async function unseal(sealed: Buffer, passphrase: string, purpose: string, name: string): Promise<{ plain: Buffer; key: SealKey }> {
  const altered = (cause?: unknown) =>
    new OctopusError('vault.corrupt', `${name} was altered or cut short: put back a copy of it from a backup.`, { cause });
  const end = sealed.indexOf('\n') + 1;
  if (end === 0 || end > 4096 || sealed.length < end + 16) throw altered();
  const line = sealed.subarray(0, end);
  const header = readHeader(line);
  if (header === undefined || header.purpose !== purpose) throw altered();
  const key = await deriveSealKey(passphrase, Buffer.from(header.salt, 'base64'));
  const stated = Buffer.from(header.proof);
  if (stated.length !== key.proof.length || !timingSafeEqual(stated, Buffer.from(key.proof))) {
    throw new OctopusError('vault.passphrase', `${name} does not open with this passphrase.`);
  }
  const decipher = createDecipheriv('aes-256-gcm', key.encryption, Buffer.from(header.nonce, 'base64'), { authTagLength: 16 });
  decipher.setAAD(line);
  decipher.setAuthTag(sealed.subarray(sealed.length - 16));
  try {
    return { plain: Buffer.concat([decipher.update(sealed.subarray(end, sealed.length - 16)), decipher.final()]), key };
  } catch (cause) {
    throw altered(cause);
  }
}

// The cost is compared, not taken over: an altered one could otherwise ask for all of the memory.
function readHeader(line: Buffer): Header | undefined {
  let header: Partial<Header>;
  try {
    header = JSON.parse(line.toString()) as Partial<Header>;
  } catch {
    return undefined;
  }
  const base64 = (text: unknown, size: number) => typeof text === 'string' && Buffer.from(text, 'base64').length === size;
  const fits =
    header?.format === MAGIC &&
    header.version === 1 &&
    header.cipher === 'aes-256-gcm' &&
    header.scrypt?.N === cost.N &&
    header.scrypt.r === cost.r &&
    header.scrypt.p === cost.p &&
    typeof header.purpose === 'string' &&
    base64(header.salt, 32) &&
    base64(header.nonce, 12) &&
    base64(header.proof, 32);
  return fits ? (header as Header) : undefined;
}
