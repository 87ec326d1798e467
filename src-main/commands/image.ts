import type { Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isNbdUri, parseNbdUri } from '../../workers/nbd/nbd-uri.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { NbdAddress, SourceDescriptor } from '../../workers/protocol.ts';
import { seeHelp, usageError } from './command.ts';

export const formats = ['raw', 'vhd', 'qcow2'] as const;
export type ImageFormat = (typeof formats)[number];

/** Bytes after the data of a fixed VHD. */
export const VHD_FOOTER = 512;

/** What a person named as SOURCE, TARGET or IMAGE. */
export type Place = { kind: 'file'; path: string } | { kind: 'nbd'; address: NbdAddress };

/** `connections`, where given, goes before what the URI says. */
export function parsePlace(field: string, text: string | undefined, connections: number | undefined, command: string): Place {
  if (text === undefined || text === '') throw usageError(field, `The ${field.toUpperCase()} is missing; ${seeHelp(command)}.`);
  if (isNbdUri(text)) {
    const address = parseNbdUri(text);
    return { kind: 'nbd', address: connections === undefined ? address : { ...address, connections } };
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    throw usageError(field, `The ${field.toUpperCase()} '${text}' is neither a file nor an nbd:// or nbd+unix:// address.`);
  }
  return { kind: 'file', path: resolve(text) };
}

export function descriptorOf(place: Place): SourceDescriptor {
  return place.kind === 'file' ? { kind: 'file', path: place.path } : { kind: 'nbd', ...place.address };
}

export async function statOrUndefined(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new OctopusError('target.denied', `${path} cannot be looked at: ${error.message}.`, { cause: error });
  });
}

/** What an existing image file is, by its own marks; what has none is raw. `size` is of the disk within, undefined where qemu must say. */
export async function inspectImage(path: string): Promise<{ format: ImageFormat; size: number | undefined }> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new OctopusError('source.missing', `${path} does not exist.`, { cause: error });
    throw new OctopusError('source.denied', `${path} cannot be opened: ${error.message}.`, { cause: error });
  });
  try {
    const { size } = await handle.stat();
    const head = Buffer.alloc(4);
    await handle.read(head, 0, 4, 0);
    if (head.equals(Buffer.from('QFI\xfb', 'latin1'))) return { format: 'qcow2', size: undefined };
    if (size > VHD_FOOTER) {
      const footer = Buffer.alloc(VHD_FOOTER);
      await handle.read(footer, 0, VHD_FOOTER, size - VHD_FOOTER);
      // Cookie, disk type 2 (fixed) and the size of the disk, which is all but the footer.
      const fixed = footer.toString('latin1', 0, 8) === 'conectix' && footer.readUInt32BE(60) === 2;
      if (fixed && footer.readBigUInt64BE(48) === BigInt(size - VHD_FOOTER)) return { format: 'vhd', size: size - VHD_FOOTER };
    }
    return { format: 'raw', size };
  } finally {
    await handle.close();
  }
}

/** A whole number of bytes, with K, M, G or T for powers of 1024. */
export function parseBytes(field: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?(?:\/s)?$/i.exec(text);
  const value = match === null ? 0 : Math.round(Number(match[1]) * 1024 ** ' KMGT'.indexOf((match[2] || ' ').toUpperCase()));
  if (!Number.isSafeInteger(value) || value <= 0) {
    throw usageError(field, `--${field} '${text}' must be a number of bytes, such as 1048576, 500K or 100M.`);
  }
  return value;
}

export function parseConnections(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 16)
    throw usageError('connections', `--connections '${text}' must be a number from 1 to 16.`);
  return value;
}
