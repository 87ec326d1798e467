import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { packagedExecutable, packageIsFresh } from '../scripts/packaged.mjs';

/**
 * The program of the packed application, packed anew where a source is newer. `test`: a debugger may enter, which Playwright needs;
 * `release`: as it is shipped.
 */
export function packagedApp(kind: 'test' | 'release' = 'test'): string {
  const test = kind === 'test';
  if (!packageIsFresh(test)) {
    const root = dirname(import.meta.dirname);
    const args = [join(root, 'scripts', 'run.mjs'), 'package', '--stale', ...(test ? ['--test'] : [])];
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error('The application could not be packed; see the message above.');
  }
  const program = packagedExecutable(test);
  if (!program) throw new Error('The application was packed, but its program is missing.');
  return program;
}
