import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { OctopusError } from '../../../workers/octopus-error.ts';

/** QEMU's tools; undefined where they are not installed. Raw images need neither. */
export interface ImagePrograms {
  image: string | undefined;
  nbd: string | undefined;
}

export const toolsNeeded = 'qemu-img and qemu-nbd are needed and not installed (Debian: apt-get install qemu-utils)';

export function findImagePrograms(): ImagePrograms {
  return { image: inPath('qemu-img'), nbd: inPath('qemu-nbd') };
}

function inPath(name: string): string | undefined {
  const program = process.platform === 'win32' ? `${name}.exe` : name;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    try {
      accessSync(join(folder, program), constants.X_OK);
      return join(folder, program);
    } catch {}
  }
  return undefined;
}

/** What it printed; a failure is `source.read` with the tool's last line. */
export function runTool(program: string, argv: string[], signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { encoding: 'utf8' as const, maxBuffer: 2 ** 24, timeout: 60_000, ...(signal === undefined ? {} : { signal }) };
    execFile(program, argv, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      if (signal?.aborted) return reject(new OctopusError('operation.cancelled', 'The operation was cancelled.', { cause: error }));
      const said = stderr.trim().split('\n').filter(Boolean);
      // The last line may be a hint ("Is another process using the image"): all of it is needed.
      return reject(new OctopusError('source.read', said.join(' ').slice(0, 500) || error.message, { cause: error }));
    });
  });
}
