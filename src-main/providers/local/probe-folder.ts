import { randomUUID } from 'node:crypto';
import { constants, copyFile, mkdtemp, open, rm, stat, statfs } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { DirectFile } from '../../../workers/blocks/direct-file.ts';
import type { ProbeStep } from '../probe-step.ts';
import { targetError } from './file-system.ts';

const ids = ['path', 'folder', 'write', 'space', 'reflink', 'direct-io'] as const;
type StepId = (typeof ids)[number];

export interface FolderProbe {
  ok: boolean;
  steps: ProbeStep<StepId>[];
  folder: string;
  exists: boolean;
  freeBytes?: number;
  totalBytes?: number;
  fileSystem?: string;
  reflink?: boolean;
  directIo?: boolean;
}

/** statfs(2) and linux/magic.h. */
const fileSystems: Record<number, string> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs',
  26985: 'nfs',
  20859: 'smb',
  4283649346: 'cifs',
  4266872130: 'smb2',
  801189825: 'zfs',
  2035054128: 'overlay',
  1702057286: 'fuse',
  19780: 'fat',
  538032816: 'exfat',
  1397118030: 'ntfs',
  1936094318: 'ntfs3',
  16914839: '9p',
  4076150800: 'f2fs',
  3393526350: 'bcachefs',
};

/** A sentence where this cannot be a path here; undefined where it can. */
export function pathProblem(folder: string): string | undefined {
  if (isAbsolute(folder)) return undefined;
  const windows = /^[A-Za-z]:[\\/]/.test(folder);
  if (windows) return `${folder} is a path of Windows, and Octopus runs on another system here: a folder begins with / there.`;
  return `${folder} is not an absolute path of this computer.`;
}

/** Each question to a server that is gone keeps one of the few threads that all file work shares: a second one waits for the first. */
const asking = new Map<string, ReturnType<typeof ask>>();

function ask(folder: string): Promise<{ freeBytes: number; totalBytes: number } | undefined> {
  const asked = statfs(folder)
    .then(
      ({ bsize, bavail, blocks }) => ({ freeBytes: bsize * bavail, totalBytes: bsize * blocks }),
      () => undefined,
    )
    .finally(() => asking.delete(folder));
  asking.set(folder, asked);
  return asked;
}

/** Bytes that may be written and all bytes of the file system; undefined where it does not answer in time or is not there. */
export async function spaceOf(folder: string, timeoutMs = 2000): Promise<{ freeBytes: number; totalBytes: number } | undefined> {
  // A network file system whose server is gone answers never.
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  const asked = asking.get(folder) ?? ask(folder);
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

/** Tries a folder as a target would use it. What it writes it removes; a folder that does not exist yet is not made. */
export async function probeFolder(given: string): Promise<FolderProbe> {
  const probe: FolderProbe = { ok: false, steps: [], folder: given, exists: false };
  const say = (id: StepId, outcome: ProbeStep['outcome'], text: string, detail?: string) =>
    void probe.steps.push({ id, outcome, text, ...(detail === undefined ? {} : { detail }) });
  await walk();
  for (const id of ids) if (!probe.steps.some((step) => step.id === id)) say(id, 'not-tried', 'Not tried.');
  probe.ok = probe.steps.every(({ outcome }) => outcome === 'passed');
  return probe;

  async function walk(): Promise<void> {
    const problem = pathProblem(given);
    if (problem !== undefined) return say('path', 'failed', problem);
    probe.folder = resolve(given);
    say('path', 'passed', `${probe.folder} is a path of this computer.`);
    const at = await nearest(probe.folder);
    if (at.folder === undefined) return say('folder', 'failed', `${at.path} is not a folder.`);
    probe.exists = at.folder === probe.folder;
    if (probe.exists) say('folder', 'passed', 'The folder exists.');
    const made = `The folder does not exist; it is made in ${at.folder}.`;
    let trial: string;
    try {
      trial = await mkdtemp(join(at.folder, '.octopus-probe-'));
    } catch (error) {
      const doing = probe.exists ? 'Nothing can be written there' : `It cannot be made in ${at.folder}`;
      const { code, message } = targetError(error, doing);
      // As /proc answers, though it is there.
      const closed = code === 'target.missing' && (await stat(at.folder).catch(() => undefined)) !== undefined;
      if (closed) return say(probe.exists ? 'write' : 'folder', 'failed', `${doing}: its file system takes no folders of others.`);
      if (probe.exists) return say('write', 'failed', message);
      return say('folder', 'failed', message, code === 'target.denied' ? 'Or give Octopus the right to make folders there.' : undefined);
    }
    if (!probe.exists) say('folder', 'passed', made);
    try {
      await write(at.folder, trial);
    } finally {
      await rm(trial, { recursive: true, force: true });
    }
  }

  async function write(folder: string, trial: string): Promise<void> {
    const path = join(trial, randomUUID());
    try {
      const file = await open(path, 'wx+');
      try {
        await file.writeFile(Buffer.alloc(2 ** 20, 'octopus'));
        await file.sync();
        say('write', 'passed', 'It can be written to.');
        await space(folder);
        await reflinks(path);
        await direct(path, file);
      } finally {
        await file.close();
      }
    } catch (error) {
      say('write', 'failed', targetError(error, 'Nothing can be written there').message);
    }
  }

  async function space(folder: string): Promise<void> {
    const found = await spaceOf(folder);
    if (!found) return say('space', 'passed', 'The file system does not tell how much space there is.');
    Object.assign(probe, found);
    probe.fileSystem = fileSystems[(await statfs(folder)).type];
    const free = Math.floor(found.freeBytes / 2 ** 30);
    say('space', 'passed', `${free} GiB of ${Math.floor(found.totalBytes / 2 ** 30)} GiB are free.`, probe.fileSystem);
  }

  async function reflinks(path: string): Promise<void> {
    probe.reflink = await copyFile(path, `${path}-2`, constants.COPYFILE_FICLONE_FORCE).then(
      () => true,
      () => false,
    );
    const text = probe.reflink
      ? 'Recovery points share the blocks that did not change.'
      : 'Recovery points cannot share blocks here: each takes the space of its data. XFS and Btrfs can share them.';
    say('reflink', 'passed', text);
  }

  async function direct(path: string, file: Awaited<ReturnType<typeof open>>): Promise<void> {
    const found = await DirectFile.open(path, file, 'write');
    await found?.close();
    probe.directIo = found !== undefined;
    const text = found
      ? 'Disks are written and read back past the page cache.'
      : 'Disks go through the page cache here: copies are checked against what the system says is written.';
    say('direct-io', 'passed', text);
  }
}

/** The folder, or the nearest one above that exists. */
async function nearest(folder: string): Promise<{ path: string; folder?: string }> {
  for (let at = folder; ; at = dirname(at)) {
    const found = await stat(at).catch((error: NodeJS.ErrnoException) =>
      error.code === 'ENOTDIR' || error.code === 'ENOENT' ? undefined : null,
    );
    if (found) return found.isDirectory() ? { path: at, folder: at } : { path: at };
    // It may not be looked into: what is tried there says so.
    if (found === null || at === dirname(at)) return { path: at, folder: at };
  }
}
