import type { Readable, Writable } from 'node:stream';

export function isBusError(line: string): boolean;
export function holdBackBusErrors(from: Readable, to: Writable, file: string): void;
