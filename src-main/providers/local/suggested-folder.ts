import { access, constants, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

/** Where a first target may lie; undefined where this home is no folder that can be written to, as with a service's account. */
export async function suggestedFolder(home: string): Promise<string | undefined> {
  if (!isAbsolute(home)) return undefined;
  try {
    await access(home, constants.W_OK);
    return (await stat(home)).isDirectory() ? join(home, 'Octopus', 'replicas') : undefined;
  } catch {
    return undefined;
  }
}
