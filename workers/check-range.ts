import { OctopusError } from './octopus-error.ts';

/** Refuses a range outside of a disk: a caller's mistake, told before anything is touched. */
export function checkRange(size: number, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0 || offset + length > size) {
    throw new OctopusError('argument.invalid', `The range at ${offset} of ${length} bytes is outside of the disk of ${size} bytes.`, {
      field: 'offset',
    });
  }
}

/** As checkRange; also refuses what is not cut at the sink's granularity. The last extent may end at the size. */
export function checkAligned(size: number, granularity: number, offset: number, length: number): void {
  checkRange(size, offset, length);
  if (offset % granularity !== 0 || (length % granularity !== 0 && offset + length !== size)) {
    throw new OctopusError('argument.invalid', `The range at ${offset} of ${length} bytes is not cut at ${granularity} bytes.`, {
      field: 'offset',
    });
  }
}

export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new OctopusError('operation.cancelled', 'The operation was cancelled.');
}
