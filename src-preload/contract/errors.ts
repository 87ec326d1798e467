import { z } from 'zod';
import { type ErrorCode, errorCodes } from '../../workers/octopus-error.ts';

export { type ErrorCode, errorCodes };

/** The HTTP status of every code. A code that is not here does not compile. */
export const errorStatus: Record<ErrorCode, number> = {
  'argument.invalid': 400,
  'operation.cancelled': 409,
  'auth.required': 401,
  'auth.denied': 401,
  'auth.forbidden': 403,
  'auth.locked': 429,
  'auth.password': 403,
  'conflict.exists': 409,
  'conflict.in-use': 409,
  'conflict.last-admin': 409,
  'conflict.set-up': 409,
  'directory.unreachable': 502,
  'directory.certificate': 502,
  'directory.denied': 502,
  'directory.missing': 502,
  'directory.protocol': 502,
  'not.found': 404,
  'rate.limited': 429,
  'conflict.version': 412,
  'conflict.idempotency': 422,
  'request.host': 421,
  'request.origin': 403,
  'request.method': 405,
  'request.type': 415,
  'request.size': 413,
  'request.timeout': 408,
  'server.stopping': 503,
  'job.state': 409,
  'internal.unexpected': 500,
  'source.unreachable': 502,
  'source.denied': 502,
  'source.session': 502,
  'source.certificate': 502,
  'source.protocol': 502,
  'source.read': 502,
  'source.locked': 409,
  'source.missing': 404,
  'source.unsupported': 422,
  'source.busy': 409,
  'source.faulted': 502,
  'target.unreachable': 502,
  'target.full': 507,
  'target.denied': 422,
  'target.missing': 422,
  'target.write': 502,
  'target.busy': 409,
  'verify.mismatch': 422,
  'verify.boot': 422,
  'manifest.invalid': 422,
  'store.newer': 503,
  'store.corrupt': 503,
  'vault.unavailable': 503,
  'vault.passphrase': 503,
  'vault.corrupt': 503,
  'tool.missing': 501,
};

/** RFC 9457, with our code. `detail` is a sentence a person can act on. */
export const problem = z
  .object({
    type: z.string().meta({ description: '`urn:octopus:` and the code.' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    code: z.enum(errorCodes),
    /** The input's name, for argument.invalid. */
    field: z.string().optional(),
    /** May the same call be repeated and be expected to pass later without anyone acting? */
    retryable: z.boolean(),
    requestId: z.string().optional(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problem>;
