/** Debian packages unpacked into a cache: nothing is installed and no rights are needed. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Of a kernel package (400 MB unpacked) only what a disk can need. */
const kernelParts = [
  './boot/vmlinuz-*',
  './lib/modules/*/kernel/drivers/*',
  './lib/modules/*/kernel/lib/*',
  './lib/modules/*/kernel/block/*',
  './lib/modules/*/kernel/crypto/*',
];

/**
 * Downloads the package with apt (which checks its signature) unless the cache holds it, and answers the folder with its files.
 * A package that only names another one (linux-image-amd64 names the current kernel) stands for that one.
 * Once cached, a package stays: disks are built the same until the cache is removed.
 */
export async function debianPackage(name: string, cacheFolder: string): Promise<string> {
  const folder = join(cacheFolder, 'debian', name);
  if ((await readdir(folder).catch(() => [])).length > 0) return folder;
  await mkdir(join(cacheFolder, 'debian'), { recursive: true });
  const work = await mkdtemp(join(cacheFolder, 'debian', '.fetch-'));
  try {
    const isKernel = name.startsWith('linux-image-');
    await download(isKernel ? await dependencyOf(name) : name, work);
    const file = (await readdir(work)).find((entry) => entry.endsWith('.deb'));
    if (file === undefined) throw new Error(`apt-get download ${name} left no package file`);
    const content = join(work, 'content');
    await mkdir(content);
    const only = isKernel ? ['--wildcards', ...kernelParts.map((part) => `'${part}'`)].join(' ') : '';
    await run('bash', [
      '-c',
      `set -o pipefail; dpkg-deb --fsys-tarfile "$1" | tar -x --no-same-owner -C "$2" ${only}`,
      'unpack',
      join(work, file),
      content,
    ]);
    await rename(content, folder).catch(async (error: NodeJS.ErrnoException) => {
      // Another process was faster: its files are the same.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function dependencyOf(name: string): Promise<string> {
  const ask = async () => (await run('apt-cache', ['depends', '--important', name]).catch(() => ({ stdout: '' }))).stdout;
  let answer = await ask();
  if (!answer.includes('Depends:')) {
    await updateLists();
    answer = await ask();
  }
  const dependency = /Depends: (\S+)/.exec(answer)?.[1];
  if (dependency === undefined)
    throw new Error(`apt knows no package ${name}: run 'apt-get update' as root on a Debian machine, then try again.`);
  return dependency;
}

async function download(name: string, folder: string): Promise<void> {
  const fetch = () => run('apt-get', ['-qq', 'download', name], { cwd: folder });
  try {
    await fetch();
  } catch {
    // No lists, or lists so old that the file is gone.
    await updateLists();
    await fetch().catch((cause: Error) => {
      throw new Error(
        `The Debian package ${name} could not be downloaded; is there a network, and were the lists updated ('apt-get update' as root)?`,
        { cause },
      );
    });
  }
}

async function updateLists(): Promise<void> {
  if (process.getuid?.() === 0) await run('apt-get', ['-qq', 'update']).catch(() => undefined);
}
