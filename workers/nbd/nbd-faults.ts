import { type ErrorCode, OctopusError } from '../octopus-error.ts';
import type { NbdAddress } from '../protocol.ts';
import { Errno } from './nbd-constants.ts';

/** The side of the copy that the server stands on: decides the codes of its errors. */
export type NbdSide = 'source' | 'target';

const codes = {
  source: {
    unreachable: 'source.unreachable',
    protocol: 'source.protocol',
    io: 'source.read',
    denied: 'source.denied',
    missing: 'source.missing',
    unsupported: 'source.unsupported',
    certificate: 'source.certificate',
    full: 'source.read',
  },
  target: {
    unreachable: 'target.unreachable',
    protocol: 'target.write',
    io: 'target.write',
    denied: 'target.denied',
    missing: 'target.missing',
    unsupported: 'target.write',
    certificate: 'target.denied',
    full: 'target.full',
  },
} as const satisfies Record<NbdSide, Record<string, ErrorCode>>;

/** Makes the errors of one server: right code for its side, its name in every message. */
export interface NbdFaults {
  unreachable(what: string, cause?: unknown): OctopusError;
  protocol(what: string): OctopusError;
  denied(what: string): OctopusError;
  missing(what: string): OctopusError;
  unsupported(what: string): OctopusError;
  io(what: string, cause?: unknown): OctopusError;
  errno(number: number, doing: string, text: string): OctopusError;
  /** Of opening a socket or TLS. */
  connect(error: unknown): OctopusError;
}

export function nbdFaults(side: NbdSide, address: Pick<NbdAddress, 'endpoint' | 'exportName'>): NbdFaults {
  const code = codes[side];
  const name = describeAddress(address);
  const faults: NbdFaults = {
    unreachable: (what, cause) => new OctopusError(code.unreachable, `${name}: ${what}.`, { retryable: true, cause }),
    protocol: (what) => new OctopusError(code.protocol, `${name} broke the NBD protocol: ${what}.`),
    denied: (what) => new OctopusError(code.denied, `${name}: ${what}.`),
    missing: (what) => new OctopusError(code.missing, `${name}: ${what}.`),
    unsupported: (what) => new OctopusError(code.unsupported, `${name}: ${what}.`),
    io: (what, cause) => new OctopusError(code.io, `${name}: ${what}.`, { retryable: true, cause }),
    errno: (number, doing, text) => {
      const known = errnoNames[number] ?? `error ${number}`;
      const message = `${name}: ${doing} failed with ${known}${text === '' ? '' : ` (${text})`}.`;
      const kind =
        number === Errno.perm
          ? code.denied
          : number === Errno.nospc
            ? code.full
            : number === Errno.shutdown
              ? code.unreachable
              : number === Errno.notsup
                ? code.unsupported
                : code.io;
      const retryable = number === Errno.io || number === Errno.nomem || number === Errno.shutdown;
      return new OctopusError(kind, message, { retryable, details: { errno: number } });
    },
    connect: (error) => {
      if (error instanceof OctopusError) {
        return error.code === 'source.certificate'
          ? new OctopusError(code.certificate, error.message, { details: error.details, cause: error })
          : error;
      }
      const system = error as NodeJS.ErrnoException;
      if (system?.code === 'EACCES' || system?.code === 'EPERM') return faults.denied('the socket may not be opened (permissions)');
      return faults.unreachable(error instanceof Error ? error.message || String(system.code) : String(error), error);
    },
  };
  return faults;
}

const errnoNames: Record<number, string> = {
  [Errno.perm]: 'EPERM, not permitted',
  [Errno.io]: 'EIO, an input/output error',
  [Errno.nomem]: 'ENOMEM, out of memory',
  [Errno.inval]: 'EINVAL, an invalid request',
  [Errno.nospc]: 'ENOSPC, no space left',
  [Errno.overflow]: 'EOVERFLOW',
  [Errno.notsup]: 'ENOTSUP, not supported',
  [Errno.shutdown]: 'ESHUTDOWN, the server is shutting down',
};

export function describeAddress(address: Pick<NbdAddress, 'endpoint' | 'exportName'>): string {
  const at = 'socketPath' in address.endpoint ? address.endpoint.socketPath : `${address.endpoint.host}:${address.endpoint.port}`;
  return `The NBD server at ${at}${address.exportName === '' ? '' : `, export '${address.exportName}'`}`;
}
