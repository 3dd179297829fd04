import { ControlFlow } from '../handler/control-flow.js';
import {
  AttemptTimeoutError,
  JobCancelledError,
  OwnershipLostError,
  WorkerDrainingError,
  type AbortCause,
} from './abort-causes.js';
import { describeError, describeFatal } from './describe-error.js';
import type { ExecutionResult, Outcome } from './outcome.js';

/** How a handler let go: by returning what is kept by now, by throwing, or, after an abort and its grace, not at all. */
export type HandlerEnd =
  | { readonly how: 'returned'; readonly result: ExecutionResult }
  | { readonly how: 'threw'; readonly error: unknown }
  | { readonly how: 'given_up' }
  /** In a thread, which has judged it already. `chosen`: it returned, or said it by control flow. */
  | { readonly how: 'judged'; readonly outcome: Outcome; readonly chosen: boolean };

/**
 * The outcome of an execution.
 * - Lost: none; another execution's word counts.
 * - Timed out: failed, even when the handler returned after the abort.
 * - Cancelled: so it ends, unless the handler returned: then it has won.
 * - Aborted by a drain: what the handler returned or said by control flow counts; anything else it threw is taken
 *   for the abort's echo, and the job is handed back.
 */
export function judge(end: HandlerEnd, cause: AbortCause | undefined): Outcome | undefined {
  if (cause instanceof OwnershipLostError) return undefined;
  if (cause instanceof AttemptTimeoutError) return timedOut(cause);
  if (end.how === 'judged')
    return end.chosen || !cause ? end.outcome : judge({ how: 'threw', error: undefined }, cause);
  if (end.how === 'returned') return { kind: 'succeeded', result: end.result };
  if (cause instanceof JobCancelledError) return cancelled(cause.message);
  const ended = end.how === 'threw' && ControlFlow.is(end.error) ? end.error : undefined;
  if (ended === undefined) {
    return cause instanceof WorkerDrainingError || end.how === 'given_up'
      ? { kind: 'released' }
      : { kind: 'failed', error: describeError(end.error) };
  }
  switch (ended.kind) {
    case 'retry':
      return { kind: 'failed', error: describeError(ended.cause ?? ended), retryAtMs: ended.atMs };
    case 'snooze':
      return { kind: 'snoozed', retryAtMs: ended.atMs };
    case 'cancel':
      return cancelled(ended.message);
    case 'fatal':
      return { kind: 'failed', error: describeFatal(ended.cause) };
  }
}

function cancelled(message: string): Outcome {
  return { kind: 'cancelled', error: { code: 'job_cancelled', message, retryable: false } };
}

function timedOut(cause: AttemptTimeoutError): Outcome {
  return { kind: 'failed', error: { code: 'timeout', message: cause.message, retryable: true } };
}
