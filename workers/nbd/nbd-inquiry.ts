import { OctopusError } from '../octopus-error.ts';
import type { NbdAddress } from '../protocol.ts';
import { NbdChannel } from './nbd-channel.ts';
import { ExportFlag } from './nbd-constants.ts';
import { nbdFaults } from './nbd-faults.ts';
import { inquire } from './nbd-handshake.ts';

/** Milliseconds for connecting and asking. */
const PATIENCE = 10_000;

export interface NbdInquiry {
  /** Bytes. */
  size: number;
  /** Whether several clients may use the export at once and see the same (NBD_FLAG_CAN_MULTI_CONN). */
  shareable: boolean;
}

/** What a server says of an export, without becoming its client. Undefined where it cannot be asked. Errors are `source.*`. */
export async function inquireNbd(address: NbdAddress, signal: AbortSignal): Promise<NbdInquiry | undefined> {
  const faults = nbdFaults('source', address);
  const wait = { signal, timeoutMs: PATIENCE };
  const channel = await NbdChannel.open(address, faults, wait);
  const onAbort = (): void => channel.destroy(new OctopusError('operation.cancelled', 'The operation was cancelled.'));
  const timer = setTimeout(() => channel.destroy(faults.unreachable('the negotiation took too long')), PATIENCE);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const answer = await inquire(channel, address, faults, wait);
    return answer === undefined ? undefined : { size: answer.size, shareable: (answer.flags & ExportFlag.multiConnection) !== 0 };
  } catch (error) {
    channel.destroy(error);
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
