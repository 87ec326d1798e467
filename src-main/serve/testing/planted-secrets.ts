import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Secrets of one test, and where they are found again. */
export interface PlantedSecrets {
  /** A secret of its own kind: letters of many sorts, that each encoding writes in another way, around a part that none does. */
  plant(name: string): string;
  /** A secret that the server made. */
  add(name: string, secret: string): void;
  /** Names of the secrets that are in it in any encoding, with the place. */
  find(place: string, content: Buffer | string): string[];
  /** In all files under a folder, and in their names. */
  findInFolder(folder: string, leaveOut?: readonly string[]): Promise<string[]>;
}

export function createPlantedSecrets(): PlantedSecrets {
  const planted = new Map<string, Buffer[]>();
  const add = (name: string, secret: string) => void planted.set(name, encodings(secret));
  const find = (place: string, content: Buffer | string) => {
    const bytes = Buffer.from(content as string);
    return [...planted].filter(([, forms]) => forms.some((form) => bytes.includes(form))).map(([name]) => `${name} in ${place}`);
  };
  return {
    plant(name) {
      // The middle is the same in JSON, XML, a URL, a quoted argument: whoever finds it has found all of those.
      const middle = randomBytes(12).toString('hex');
      add(name, middle);
      return `é<"&${middle}'%+ /`;
    },
    add,
    find,
    async findInFolder(folder, leaveOut = []) {
      const found: string[] = [];
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (leaveOut.includes(entry.name)) continue;
        found.push(...find('the name of a file', entry.name));
        if (entry.isFile()) found.push(...find(entry.name, await readFile(join(entry.parentPath, entry.name))));
      }
      return found;
    },
  };
}

/** As bytes: plain, percent-encoded, UTF-16, hex, and base64 of both alphabets wherever it begins within a longer text. */
function encodings(secret: string): Buffer[] {
  const texts = new Set([secret, encodeURIComponent(secret)]);
  const plain = Buffer.from(secret);
  const hex = plain.toString('hex');
  texts.add(hex).add(hex.toUpperCase());
  for (const before of [0, 1, 2]) {
    const all = Buffer.concat([Buffer.alloc(before), plain]);
    // Characters at the edges also hold bits of the neighbours.
    const inner = all.toString('base64').slice(before === 0 ? 0 : before + 1, Math.floor((all.length * 8) / 6));
    texts.add(inner).add(inner.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return [...[...texts].map((text) => Buffer.from(text)), Buffer.from(secret, 'utf16le')];
}

/** Watches command lines and environments of a process and what it starts, while it runs. Linux only: elsewhere they are not in files. */
export function watchProcesses(root: number, look: (place: string, content: Buffer) => void): { looked: () => number; stop(): void } {
  let looked = 0;
  let going = false;
  const timer = setInterval(async () => {
    if (going) return;
    going = true;
    for (const pid of await family(root)) {
      for (const name of ['cmdline', 'environ']) {
        const content = await readFile(`/proc/${pid}/${name}`).catch(() => undefined);
        if (content === undefined) continue;
        looked++;
        look(`${name} of ${pid === root ? 'the server' : 'a child'}`, content);
      }
    }
    going = false;
  }, 100);
  return { looked: () => looked, stop: () => clearInterval(timer) };
}

async function family(root: number): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const parents = new Map<number, number>();
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
    // The program's name stands in brackets and may hold anything.
    parents.set(Number(pid), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const found = [root];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}
