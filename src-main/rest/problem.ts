import { STATUS_CODES } from 'node:http';
import { errorStatus, type Problem } from '../../src-preload/contract/errors.ts';
import { type ErrorCode, OctopusError, toOctopusError } from '../../workers/octopus-error.ts';

export const problemType = 'application/problem+json; charset=utf-8';

export function statusOf(code: ErrorCode): number {
  return errorStatus[code] ?? 500;
}

/** RFC 9457. What is a defect of ours says nothing of itself: its message may hold anything. The log has it, under the request's id. */
export function problemOf(error: OctopusError, requestId: string): Problem {
  const status = statusOf(error.code);
  const hidden = error.code === 'internal.unexpected';
  return {
    type: `urn:octopus:${error.code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: hidden ? `Something went wrong inside Octopus; its log tells more under the request id ${requestId}.` : error.message,
    code: error.code,
    retryable: error.retryable,
    requestId,
    ...(error.field === undefined ? {} : { field: error.field }),
    ...(hidden || Object.keys(error.details).length === 0 ? {} : { details: error.details }),
  };
}

/** Seconds to wait, for Retry-After. */
export function retryAfter(error: OctopusError): number | undefined {
  const seconds = error.details.retryAfterSeconds;
  return typeof seconds === 'number' && Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : undefined;
}

/** Fastify's own refusals as ours. Everything else that is not ours is a defect. */
export function knownError(error: unknown): OctopusError {
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  if (typeof code === 'string' && code.startsWith('FST_')) {
    if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new OctopusError('request.size', 'The body is larger than 1 MiB.', { field: 'body' });
    if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new OctopusError('request.type', 'The body must be application/json.');
    if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH')
      return new OctopusError('argument.invalid', 'The body is not as long as Content-Length says.', { field: 'body' });
    if (code === 'FST_ERR_BAD_URL') return new OctopusError('argument.invalid', 'The path is not a valid URL.', { field: 'path' });
    if (code === 'FST_ERR_MAX_PARAM_LENGTH') return new OctopusError('not.found', 'There is nothing at this path.');
    if (typeof statusCode === 'number' && statusCode < 500) return new OctopusError('argument.invalid', 'The request is not valid HTTP.');
  }
  return toOctopusError(error);
}
