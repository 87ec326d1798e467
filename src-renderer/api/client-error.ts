import type { ErrorCode } from '../../src-preload/contract/errors.ts';

/** `client.offline`: Octopus could not be reached at all. */
export type ClientErrorCode = ErrorCode | 'client.offline';

/** What went wrong, in a sentence a person can act on. */
export class ClientError extends Error {
  readonly code: ClientErrorCode;
  /** The input's name, where one is to blame. */
  readonly field: string | undefined;
  /** May the same call be repeated and be expected to pass later? */
  readonly retryable: boolean;

  constructor(code: ClientErrorCode, message: string, options: { field?: string | undefined; retryable?: boolean | undefined } = {}) {
    super(message);
    this.name = 'ClientError';
    this.code = code;
    this.field = options.field;
    this.retryable = options.retryable ?? false;
  }
}

export function toClientError(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  if (error instanceof Error && error.name === 'AbortError') return new ClientError('operation.cancelled', 'The operation was cancelled.');
  return new ClientError('internal.unexpected', error instanceof Error ? error.message : String(error));
}
