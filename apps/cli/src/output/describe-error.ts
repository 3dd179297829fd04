import { BatonApiError, BatonError } from '@baton/client';
import { UsageError } from '../cli.error.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';

export interface DescribedError {
  text: string;
  json: Record<string, unknown>;
  exitCode: ExitCode;
}

/** What went wrong, in words for people and for programs: what, with which value, what is allowed. */
export function describeError(error: unknown): DescribedError {
  if (error instanceof UsageError)
    return {
      text: `error: ${error.message}\n`,
      json: { code: 'usage', message: error.message },
      exitCode: exitCodes.usage,
    };
  if (BatonError.is(error)) return describeBatonError(error);
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    text: `error: the command failed, which is a defect of it\n${words}\n`,
    json: { code: 'internal', message: words },
    exitCode: exitCodes.internal,
  };
}

function describeBatonError(error: BatonError): DescribedError {
  const fields = error.errors ?? [];
  const problem = error instanceof BatonApiError ? error.problem : undefined;
  const lines = [
    `error: ${error.message}`,
    ...fields.map(({ path, message }) => `  ${path === '' ? 'the request' : path}: ${message}`),
    ...(hints[error.code] === undefined ? [] : [`  ${hints[error.code]}`]),
    ...(error.retryAfterSeconds === undefined ? [] : [`  come again in ${error.retryAfterSeconds} s`]),
    ...(problem
      ? [
          `  (${error.code}, HTTP ${problem.status}${problem.trace_id === undefined ? '' : `, trace ${problem.trace_id}`}; docs/errors.md)`,
        ]
      : []),
  ];
  return {
    text: `${lines.join('\n')}\n`,
    json: {
      code: error.code,
      message: error.message,
      ...(fields.length > 0 && { errors: fields }),
      ...(problem && { status: problem.status, traceId: problem.trace_id }),
      retryable: error.retryable,
    },
    exitCode: error.retryable ? exitCodes.unavailable : exitCodes.refused,
  };
}

const hints: Partial<Record<string, string>> = {
  unauthenticated: 'the key is given by --key, BATON_API_KEY or .baton/local.json, in this order',
  scope_missing: 'ask whoever runs this Baton for a key with that scope',
  unavailable: 'is it running, and is this its URL? (--url, --gateway; BATON_URL, BATON_GATEWAY_URL)',
};
