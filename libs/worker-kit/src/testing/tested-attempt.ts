import { defaultBackoff, retryDelayMs, type Backoff } from '@baton/contracts';
import type { Delivery } from '../execution/delivery.js';
import type { Outcome } from '../execution/outcome.js';
import type { ProgressNote } from '../execution/progress-note.js';
import type { EnqueuedJob } from './recording-enqueuer.js';

/** One attempt of a job in a tester. */
export interface TestedAttempt {
  readonly attempt: number;
  /** Before this attempt. */
  readonly failures: number;
  /** When it began, by the tester's clock. */
  readonly at: Date;
  readonly outcome: Outcome | undefined;
  /** All that it told, in order. */
  readonly progress: readonly { fraction?: number; data?: unknown }[];
  /** What it leaves to the next attempt. */
  readonly checkpoint: unknown;
  /** What it posted. */
  readonly enqueued: readonly EnqueuedJob[];
  /** When the next one is due; undefined: this was the last. */
  readonly nextAt: Date | undefined;
}

/** What the engine would do next: the rules of settle, without jitter. */
export function nextAttempt(
  { attempt, failures, maxAttempts }: Pick<Delivery, 'attempt' | 'failures' | 'maxAttempts'>,
  outcome: Outcome | undefined,
  backoff: Backoff = defaultBackoff,
): { attempt: number; failures: number; atMs: number } | undefined {
  const next = attempt + 1;
  switch (outcome?.kind) {
    case 'snoozed':
      return { attempt: next, failures, atMs: outcome.retryAtMs };
    case 'failed': {
      const failed = failures + 1;
      if (!outcome.error.retryable || failed >= maxAttempts) return undefined;
      const atMs = outcome.retryAtMs ?? Date.now() + retryDelayMs(backoff, failed, 0.5);
      return { attempt: next, failures: failed, atMs };
    }
    case 'succeeded':
    case 'cancelled':
      return undefined;
    case 'released':
    case undefined: // lost to another worker, which runs it again
      return { attempt: next, failures, atMs: Date.now() };
  }
}

export function shownProgress(notes: readonly ProgressNote[]): TestedAttempt['progress'] {
  return notes.flatMap(({ fraction, data }) =>
    fraction === undefined && data === undefined
      ? []
      : [
          {
            ...(fraction !== undefined && { fraction }),
            ...(data !== undefined && { data: JSON.parse(data) as unknown }),
          },
        ],
  );
}
