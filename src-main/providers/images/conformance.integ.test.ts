import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sourceConformance } from '../conformance/source-conformance.ts';
import type { SourceTrial } from '../conformance/source-trial.ts';
import type { SourceProvider } from '../source.ts';
import { createImagesSource } from './images-source.ts';

const MiB = 2 ** 20;
const SIZE = 5 * MiB;

async function trial(format: 'raw' | 'qcow2'): Promise<SourceTrial> {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-conformance-'));
  const at = (name: string) => join(folder, 'images', name);
  const plain = join(folder, 'plain');
  const qemuImg = (...argv: string[]) => execFileSync('qemu-img', argv, { stdio: ['ignore', 'ignore', 'inherit'] });
  const image = async (name: string) => {
    if (format === 'raw') await writeFile(at(`${name}.raw`), await readFile(plain));
    else qemuImg('convert', '-f', 'raw', '-O', 'qcow2', plain, at(`${name}.qcow2`));
  };
  await mkdir(join(folder, 'images/a'), { recursive: true });
  await mkdir(join(folder, 'images/b'));
  await writeFile(plain, Buffer.alloc(SIZE, 'octopus '));
  for (const name of ['web', 'db', 'a/mail', 'b/mail']) await image(name);
  const open_: SourceProvider[] = [];
  const connect = () => {
    const place = { grouping: 'by-name', folder: join(folder, 'images') } as const;
    const source = createImagesSource({ place, id: 'here', keepIn: join(folder, 'kept'), watchMs: 20 });
    open_.push(source);
    return source;
  };
  return {
    source: connect(),
    can: { freezes: false, tracks: false, power: false, content: true },
    machine: 'web',
    other: 'db',
    twins: 'mail',
    content: () => readFile(plain),
    async write(_key, offset, bytes) {
      if (format === 'raw') {
        const file = await open(at('web.raw'), 'r+');
        await file.write(bytes, 0, bytes.length, offset);
        await file.close();
      } else execFileSync('qemu-io', ['-f', 'qcow2', '-c', `write -P 7 ${offset} ${bytes.length}`, at('web.qcow2')], { stdio: 'ignore' });
    },
    another: async () => connect(),
    async [Symbol.asyncDispose]() {
      for (const source of open_) await source[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

sourceConformance('raw images', () => trial('raw'));
sourceConformance('qcow2 images', () => trial('qcow2'));
