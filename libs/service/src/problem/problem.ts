import type { BatonError } from '@baton/contracts';
import { errorCodes, type ErrorCode, type FieldError } from '@baton/contracts';

export const problemMediaType = 'application/problem+json';

/** An RFC 9457 problem with Baton's own members. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ErrorCode;
  retryable: boolean;
  trace_id?: string;
  errors?: readonly FieldError[];
}

export interface ProblemPlace {
  /** The request's URL; its query is dropped, since it may hold a signature. */
  url: string;
  traceId?: string | undefined;
}

/** The body that answers an error. */
export function toProblem(error: BatonError, { url, traceId }: ProblemPlace): Problem {
  const { status, title } = errorCodes[error.code];
  return {
    type: `urn:baton:error:${error.code}`,
    title,
    status,
    detail: error.message,
    instance: url.split('?', 1)[0] ?? url,
    code: error.code,
    retryable: error.retryable,
    ...(traceId && { trace_id: traceId }),
    ...(error.errors && { errors: error.errors }),
  };
}

/** The headers that go with it. A 429 always says when to come again: after a second, unless the error knows better. */
export function problemHeaders(error: BatonError): Record<string, string> {
  const { status } = errorCodes[error.code];
  const wait = error.retryAfterSeconds ?? (status === 429 ? 1 : undefined);
  return {
    'content-type': problemMediaType,
    'cache-control': 'no-store',
    ...(wait !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(wait))) }),
    ...(status === 401 && { 'www-authenticate': 'Bearer realm="baton"' }),
  };
}
