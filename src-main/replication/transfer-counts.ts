import type { TransferCounts } from '../../workers/protocol.ts';

export const noTransferCounts: Readonly<TransferCounts> = { read: 0, sent: 0, zero: 0, unchanged: 0, resumed: 0 };

export function addTransferCounts(a: TransferCounts, b: TransferCounts): TransferCounts {
  return {
    read: a.read + b.read,
    sent: a.sent + b.sent,
    zero: a.zero + b.zero,
    unchanged: a.unchanged + b.unchanged,
    resumed: a.resumed + b.resumed,
  };
}
