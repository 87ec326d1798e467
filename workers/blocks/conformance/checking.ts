import assert from 'node:assert/strict';
import { OctopusError } from '../../octopus-error.ts';

/** A disk in parts of `step` bytes; the last may be short. */
export function cut(size: number, step: number): { offset: number; length: number }[] {
  const parts: { offset: number; length: number }[] = [];
  for (let offset = 0; offset < size; offset += step) parts.push({ offset, length: Math.min(step, size - offset) });
  return parts;
}

export function codeOf(error: unknown): string {
  return error instanceof OctopusError ? error.code : String(error);
}

/** Rejects with an OctopusError of this code. */
export async function fails(code: string, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.equal(codeOf(error), code);
    return true;
  });
}
