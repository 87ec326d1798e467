import { OctopusError } from '../../../workers/octopus-error.ts';
import type { DiskDevice } from './machine-inventory.ts';

/**
 * The `/folder` address of the flat extent file behind a snapshot's disk. The snapshot froze it, so a running machine no longer
 * writes to it.
 */
export function datastoreUrl(serviceUrl: string, disk: DiskDevice, datacenterPath: string, datastoreType: string | undefined): string {
  const match = /^\[([^\]]+)\] (.+)\.vmdk$/.exec(disk.path);
  if (match === null) throw unsupported(disk, `its file '${disk.path}' has no flat extent`);
  const [, datastore, path] = match as unknown as [string, string, string];
  if (disk.excluded !== undefined) throw new OctopusError('source.unsupported', `${disk.label} cannot be read. ${disk.excluded}`);
  if (disk.encrypted) throw unsupported(disk, 'it is encrypted');
  if (/^(vsan|vvol)/i.test(datastoreType ?? ''))
    throw unsupported(disk, `its datastore ${datastore} is of type ${datastoreType}, which keeps no flat files`);
  if (disk.hasParent || /-\d{6}$/.test(path)) {
    throw unsupported(disk, 'older snapshots lie below this one, so that the disk is spread over several files; delete them in vCenter');
  }
  const folder = path.split('/').map(encodeURIComponent).join('/');
  const query = `dcPath=${encodeURIComponent(datacenterPath)}&dsName=${encodeURIComponent(datastore)}`;
  return `${new URL(serviceUrl).origin}/folder/${folder}-flat.vmdk?${query}`;
}

function unsupported(disk: DiskDevice, reason: string): OctopusError {
  const message = `${disk.label} cannot be read over the datastore: ${reason}.`;
  return new OctopusError('source.unsupported', message, { details: { disk: disk.key } });
}
