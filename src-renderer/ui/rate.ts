const MIB = 2 ** 20;

/** A rate as a person types it, in MiB a second; the contract has bytes. */
export const mibOf = (bytes: number): number => Math.round((bytes / MIB) * 100) / 100;
export const bytesOf = (mib: number): number => Math.round(mib * MIB);
