import { type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { OctopusError } from '../../workers/octopus-error.ts';
import { nameKey } from '../domain/user.ts';
import { createGate } from './gate.ts';

/** RFC 7914: N = 2^logN. OWASP asks for at least 2^17, 8, 1. */
export interface ScryptCost {
  logN: number;
  r: number;
  p: number;
}

export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** Without a stored hash it takes as long and answers false, so that nobody learns from the time which users there are. */
  verify(stored: string | undefined, password: string): Promise<boolean>;
  /** Whether this hash cost less than new ones do. */
  isWeak(stored: string): boolean;
}

export interface PasswordHasherOptions {
  random: (bytes: number) => Buffer;
  cost: ScryptCost;
  atOnce: number;
  waiting: number;
}

const SALT_BYTES = 16;
const KEY_BYTES = 32;
export const SHORTEST_PASSWORD = 12;
export const LONGEST_PASSWORD = 1024;

/** Hashes read `$scrypt$ln=17,r=8,p=1$salt$key`, the last two in base64. */
export function createPasswordHasher({ random, cost, atOnce, waiting }: PasswordHasherOptions): PasswordHasher {
  const gate = createGate(atOnce, waiting);
  const nobody = { cost, salt: random(SALT_BYTES), key: random(KEY_BYTES) };
  return {
    async hash(password) {
      const salt = random(SALT_BYTES);
      const key = await gate(() => derive(password, salt, KEY_BYTES, cost));
      return `$scrypt$ln=${cost.logN},r=${cost.r},p=${cost.p}$${salt.toString('base64')}$${key.toString('base64')}`;
    },
    async verify(stored, password) {
      const known = stored === undefined ? undefined : parse(stored);
      const { cost: paid, salt, key } = known ?? nobody;
      const same = timingSafeEqual(await gate(() => derive(password, salt, key.length, paid)), key);
      return same && known !== undefined;
    },
    isWeak(stored) {
      const paid = parse(stored)?.cost;
      return !paid || paid.logN < cost.logN || paid.r < cost.r || paid.p < cost.p;
    },
  };
}

function parse(stored: string) {
  const [, logN, r, p, salt, key] = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w+/=]+)\$([\w+/=]+)$/.exec(stored) ?? [];
  if (salt === undefined || key === undefined) return undefined;
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
  return { cost, salt: Buffer.from(salt, 'base64'), key: Buffer.from(key, 'base64') };
}

function derive(password: string, salt: Buffer, bytes: number, { logN, r, p }: ScryptCost): Promise<Buffer> {
  const N = 2 ** logN;
  // Node refuses more than 32 MiB unless it is told. What scrypt needs is 128 * r * (N + p) bytes and a little.
  const options: ScryptOptions = { N, r, p, maxmem: 128 * r * (N + p) + 2 ** 20 };
  return new Promise((resolve, reject) =>
    // Two keyboards may compose the same letter differently (RFC 8265).
    scrypt(password.normalize('NFC'), salt, bytes, options, (error, key) => (error ? reject(error) : resolve(key))),
  );
}

/** One to four characters again and again, or letters or digits one after the other. */
function isSimple(key: string): boolean {
  const letters = [...key];
  if ([1, 2, 3, 4].some((period) => letters.every((letter, at) => letter === letters[at % period]))) return true;
  // After 9 comes 0.
  const next = (one: string, other: string) => other.codePointAt(0) === (one === '9' ? 48 : (one.codePointAt(0) as number) + 1);
  const pairs = letters.slice(1).map((letter, at) => [letters[at] as string, letter] as const);
  return pairs.every(([one, other]) => next(one, other)) || pairs.every(([one, other]) => next(other, one));
}

/** Refuses what is empty, short, overlong, simple, or little more than the user's name; `field` is what the caller calls it. */
export function checkNewPassword(name: string, password: string, field = 'password'): void {
  const refuse = (why: string): never => {
    throw new OctopusError('argument.invalid', why, { field });
  };
  // Characters as a person counts them, not the code units of JavaScript.
  const length = [...password].length;
  if (length < SHORTEST_PASSWORD) refuse(`The password needs at least ${SHORTEST_PASSWORD} characters.`);
  if (password.length > LONGEST_PASSWORD) refuse(`The password may have at most ${LONGEST_PASSWORD} characters.`);
  if (password.trim() === '') refuse('The password cannot consist of spaces alone.');
  if (isSimple(nameKey(password))) refuse('The password is too simple: it repeats the same, or counts on.');
  const rest = nameKey(password).replaceAll(nameKey(name), '');
  if ([...rest].length < SHORTEST_PASSWORD / 2 && rest !== nameKey(password)) refuse('The password is too close to the name of the user.');
}
