import { expect } from 'vitest';
import { OctopusError } from '../../../workers/octopus-error.ts';
import type { SourceDescriptor } from '../../../workers/protocol.ts';
import { openSource } from '../../../workers/sources/open-source.ts';
import type { MachineInventory } from '../../domain/machine.ts';
import type { MachineSnapshot, SourceProvider } from '../source.ts';

/** What the place can do, and so which promises it can be held to. */
export interface SourceAbilities {
  /** A snapshot keeps what later writes change; else they are noticed. */
  freezes: boolean;
  tracks: boolean;
  power: boolean;
  /** What the disks hold can be known and read. */
  content: boolean;
}

/** A fresh place for each check, with a machine that has at least one disk of 4 MiB or more, and is on where there is power. */
export interface SourceTrial extends AsyncDisposable {
  source: SourceProvider;
  can: SourceAbilities;
  /** Names of machines. */
  machine: string;
  other?: string;
  /** A name that two machines have. */
  twins?: string;
  /** What the machine's disk holds now. */
  content(key: number): Promise<Buffer>;
  /** As its guest would. */
  write(key: number, offset: number, bytes: Buffer): Promise<void>;
  /** Someone takes a snapshot of the machine by hand. */
  foreign?(name: string): Promise<void>;
  /** One more connection to the same place. The trial closes it. */
  another(): Promise<SourceProvider>;
}

export interface SourceCheck {
  promise: string;
  /** Undefined: every source is held to it. */
  needs?: (trial: Pick<SourceTrial, 'can' | 'other' | 'twins' | 'foreign'>) => boolean;
  run(trial: SourceTrial, machine: MachineInventory): Promise<void>;
}

export const MiB = 2 ** 20;

/** The error that the call must end with: one of ours, about the source or the caller's wish to stop. */
export async function refusal(call: Promise<unknown>): Promise<OctopusError> {
  const outcome = await call.then(
    () => 'it passed',
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(OctopusError);
  const error = outcome as OctopusError;
  expect(error.code).toMatch(/^(source\.|operation\.cancelled$)/);
  expect(error.message).toMatch(/^\S.*[^.]\.$/s);
  return error;
}

export const refusedAs = async (call: Promise<unknown>): Promise<string> => (await refusal(call)).code;

export async function bytesOf(descriptor: SourceDescriptor): Promise<Buffer> {
  await using blocks = await openSource(descriptor);
  const bytes = Buffer.alloc(blocks.size);
  // As a worker does: never more at once than a block.
  for (let at = 0; at < bytes.length; at += MiB) await blocks.read(at, bytes.subarray(at, Math.min(at + MiB, bytes.length)));
  return bytes;
}

/** Opened, read whole, closed. */
export async function readDisk(source: SourceProvider, machine: string, snapshot: MachineSnapshot, key: number): Promise<Buffer> {
  const disk = snapshot.disks.find((one) => one.key === key);
  if (disk === undefined) throw new Error(`The snapshot has no disk ${key}.`);
  const opened = await source.openDescriptor(machine, snapshot, disk, { refresh: false });
  try {
    return await bytesOf(opened.source);
  } finally {
    await opened.close();
  }
}
