import { inspect } from 'node:util';
import { BatonError, limits, type ErrorCode } from '@baton/contracts';
import type { ExecutionFailure } from './outcome.js';

/** Errors of ours that say more than that the handler failed; they come with no stack worth keeping. */
const ownCodes = new Set<ErrorCode>([
  'result_not_storable',
  'undecodable',
  'needs_objects',
  'unavailable',
  'payload_invalid',
]);

/** What is kept of a thrown value: its message and its stack, each cut to what an attempt may hold. */
export function describeError(error: unknown): ExecutionFailure {
  if (BatonError.is(error) && ownCodes.has(error.code)) {
    return { code: error.code, message: cut(error.message), retryable: error.retryable };
  }
  return { code: 'handler_error', ...textOf(error), retryable: true };
}

/** A failure after which no retry can help: the handler said so. */
export function describeFatal(error: unknown): ExecutionFailure {
  return { code: 'handler_fatal', ...textOf(error), retryable: false };
}

function textOf(error: unknown): { message: string; stack?: string } {
  if (error instanceof Error) {
    const message = cut(error.message || error.name);
    return error.stack === undefined ? { message } : { message, stack: cut(error.stack) };
  }
  if (typeof error === 'string') return { message: cut(error) };
  const { message } = (error ?? {}) as { message?: unknown };
  return {
    message: cut(
      typeof message === 'string'
        ? message
        : inspect(error, { depth: 2, maxStringLength: limits.errorChars }),
    ),
  };
}

function cut(text: string): string {
  // No UTF-8 can hold half a surrogate pair, which a cut leaves or a message may have had.
  return Buffer.from(text.slice(0, limits.errorChars)).toString();
}
