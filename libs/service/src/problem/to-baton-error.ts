import { HttpException } from '@nestjs/common';
import { BatonError, type ErrorCode, type FieldError } from '@baton/contracts';

/** What the answer to an error may say about its request. */
export interface RequestFacts {
  method: string;
  path: string;
  contentType: string | undefined;
  /** The route's limit, in bytes. */
  bodyLimit: number;
}

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'unauthenticated',
  403: 'scope_missing',
  404: 'not_found',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  429: 'rate_limited',
  503: 'unavailable',
};

/** Whatever was thrown, as an error that may be answered. What is not known is `internal` and tells nothing. */
export function toBatonError(thrown: unknown, request: RequestFacts): BatonError {
  if (BatonError.is(thrown)) return thrown;
  if (thrown instanceof HttpException) return ofStatus(thrown, thrown.getStatus(), request);
  const failed = ofRouteSchema(thrown);
  if (failed) return failed;
  const status = clientStatus(thrown);
  if (status !== undefined) return ofStatus(thrown as Error, status, request);
  return new BatonError('internal', 'Baton failed; its log says more under this trace id', { cause: thrown });
}

function ofStatus(cause: Error, status: number, request: RequestFacts): BatonError {
  const code = codeOfStatus[status] ?? (status < 500 ? 'invalid_request' : 'internal');
  return new BatonError(code, detailOf(code, cause, request), { cause });
}

function detailOf(code: ErrorCode, cause: Error, request: RequestFacts): string {
  switch (code) {
    case 'not_found':
      return /^Cannot [A-Z]+ /.test(cause.message)
        ? `there is no route ${request.method} ${request.path}`
        : cause.message;
    case 'payload_too_large':
      return `the body is larger than ${request.bodyLimit} bytes; send a large input as an upload and name it in the payload`;
    case 'unsupported_media_type':
      return `the content type "${request.contentType ?? ''}" is not taken here; send application/json`;
    case 'internal':
      return 'Baton failed; its log says more under this trace id';
    default:
      return cause.message;
  }
}

/** The 4xx status of Fastify's own errors and of their kind. */
function clientStatus(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('statusCode' in thrown)) return undefined;
  const status = thrown.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

interface RouteSchemaError {
  validation: { instancePath?: string; message?: string }[];
  validationContext?: string;
}

/** The refusal of a raw Fastify route's own schema. */
function ofRouteSchema(thrown: unknown): BatonError | undefined {
  if (!(thrown instanceof Error) || !('validation' in thrown) || !Array.isArray(thrown.validation))
    return undefined;
  const { validation, validationContext = 'body' } = thrown as Error & RouteSchemaError;
  const errors = validation.map(({ instancePath = '', message = 'is not valid' }): FieldError => ({
    path: instancePath.slice(1).replaceAll('/', '.') || validationContext,
    message,
  }));
  return new BatonError('invalid_request', thrown.message, { cause: thrown, errors });
}
