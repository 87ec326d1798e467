/**
 * Every code an Octopus error can carry. The contract (src-preload/contract) derives its list from this one.
 * The part before the dot is where the fault was found, the part after it what is wrong.
 */
export const errorCodes = [
  'argument.invalid', // the caller's input; `field` names it
  'operation.cancelled',
  'auth.required', // no proof of who calls, or one that has ended: sign in again
  'auth.denied', // wrong name or password, or the account may not sign in; never says which
  'auth.forbidden', // known, but the role does not allow it
  'auth.locked', // too many failed tries; `details.retryAfterSeconds` says when the next one is looked at
  'auth.password', // right, but the password must be changed first
  'not.found', // no such thing, or one that the caller may not know of
  'conflict.exists', // another one has this name
  'conflict.in-use', // it cannot go while something else needs it
  'conflict.last-admin', // the last administrator cannot be taken away
  'conflict.set-up', // set up already, or not yet
  'rate.limited', // too many requests at once; retryable
  'conflict.version', // it was changed since it was read (If-Match)
  'conflict.idempotency', // the Idempotency-Key was used for another request
  'request.host', // the Host header names no name of this server
  'request.origin', // a page of another site asks
  'request.method', // the path is right, the method is not
  'request.type', // the body is not application/json
  'request.size', // body or headers are too large
  'request.timeout', // the request did not come, or was not done, in time; retryable
  'server.stopping', // retryable
  'directory.unreachable', // no LDAP server answers in time; retryable
  'directory.certificate', // the LDAP server's certificate is not from the chosen CA, or is for another name
  'directory.denied', // the service account is refused
  'directory.missing', // the search base or a mapped group is not there
  'directory.protocol', // the LDAP server answers with something unexpected
  'job.state', // the job's state does not allow it: cut over already, or not yet
  'internal.unexpected', // a defect of ours
  'source.unreachable', // network, DNS, refused; retryable
  'source.denied', // wrong credentials or missing privileges
  'source.session', // the session ended; log in again and retry
  'source.certificate', // the thumbprint is not the accepted one
  'source.protocol', // the other side broke its protocol: garbage, short or endless replies
  'source.read', // a block could not be read
  'source.locked', // the disk is in use by a running machine
  'source.missing', // no such machine, disk, snapshot or file
  'source.unsupported', // e.g. a disk that cannot be snapshotted, VDDK not installed
  'source.busy', // another task holds the machine; retryable
  'source.faulted', // a vSphere fault without a closer code; `details.fault` names it
  'target.unreachable',
  'target.full', // no space left
  'target.denied', // read-only, permissions
  'target.missing', // the folder, image or export vanished
  'target.write',
  'target.busy', // another process uses the target folder
  'verify.mismatch', // the target does not hold the digest that was copied
  'verify.boot', // the replica did not show what the job expects within its time
  'manifest.invalid', // not a manifest, truncated, or its root digest does not match
  'store.newer', // the database was written by a newer version
  'store.corrupt',
  'vault.unavailable', // no keychain, or it is locked; the message says what to do
  'vault.passphrase', // the encrypted file is not opened by this passphrase
  'vault.corrupt', // the encrypted file was altered or cut short
  'tool.missing', // an external program is not installed; the message names the package
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface OctopusErrorOptions {
  /** May the same call be repeated and be expected to pass later without anyone acting? Default false. */
  retryable?: boolean;
  /** The input's name, for `argument.invalid`. */
  field?: string;
  /** Plain facts for a program: sizes, offsets, fault names. Never secrets. */
  details?: Record<string, string | number | boolean>;
  cause?: unknown;
}

/** The one error class. `message` is a sentence a person can act on; it never holds a secret. */
export class OctopusError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly field: string | undefined;
  readonly details: Record<string, string | number | boolean>;

  constructor(code: ErrorCode, message: string, options: OctopusErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OctopusError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.field = options.field;
    this.details = options.details ?? {};
  }
}

/** The error as plain data, to cross a thread or process border. */
export interface SerializedError {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  field?: string;
  details?: Record<string, string | number | boolean>;
}

export function serializeError(error: unknown): SerializedError {
  const known = toOctopusError(error);
  return {
    code: known.code,
    message: known.message,
    retryable: known.retryable,
    details: known.details,
    ...(known.field === undefined ? {} : { field: known.field }),
  };
}

export function deserializeError(data: SerializedError): OctopusError {
  return new OctopusError(data.code, data.message, data);
}

/** Wraps what is not ours as `fallback` (default `internal.unexpected`); aborts become `operation.cancelled`. */
export function toOctopusError(error: unknown, fallback: ErrorCode = 'internal.unexpected'): OctopusError {
  if (error instanceof OctopusError) return error;
  // `await using`: the work failed, and then closing did too. The first is what a person must know.
  if (error instanceof SuppressedError) return toOctopusError(error.suppressed, fallback);
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')) {
    return new OctopusError('operation.cancelled', 'The operation was cancelled.', { cause: error });
  }
  return new OctopusError(fallback, error instanceof Error ? error.message : String(error), { cause: error });
}
