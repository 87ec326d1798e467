import type { RecoveryPointDisk } from '../../domain/recovery-point.ts';

/** What a recovery point holds of its only disk, where no test asks for more. */
export const pointDisk: RecoveryPointDisk = {
  key: 1,
  objectId: 'o',
  capacity: 1,
  changeId: undefined,
  manifestRoot: 'r',
  algorithm: 'blake3',
  manifest: 'm',
  image: 'i',
};
