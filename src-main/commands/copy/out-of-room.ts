import { OctopusError } from '../../../workers/octopus-error.ts';
import { settledBytes } from '../interrupted.ts';
import { bytes } from '../progress.ts';

/** A full disk, told with how the copy goes on where its journal stays: without --resume everything would be copied anew. */
export async function outOfRoom(error: OctopusError, copy: { size: number; journal: string }): Promise<OctopusError> {
  const kept = await settledBytes(copy.journal);
  if (kept === undefined) return error;
  const message = `${error.message} ${bytes(kept)} of ${bytes(copy.size)} copied and kept: the same command with --resume goes on there once there is room.`;
  return new OctopusError(error.code, message, { details: error.details, cause: error });
}
