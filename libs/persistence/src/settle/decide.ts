import { retryDelayMs } from '@baton/contracts';
import { cancelledError } from '../cancel/cancelled-error.js';
import type { EndedAttempt } from '../sql/end-attempts.sql.js';
import type { Finish } from '../sql/finish-jobs.sql.js';
import type { LockedJob } from '../sql/lock-jobs.sql.js';
import { errorJson, type Settlement } from './settlement.js';

/** What an outcome does to its job: either ends it (`finish`), or ends its attempt alone (`attempt`). */
export interface Decision {
  settlement: Settlement;
  finish?: Finish;
  attempt?: EndedAttempt;
  /** As it was when it was locked; a success is not. */
  job?: LockedJob;
}

/**
 * The rules of retry, snooze, cancel and hand-back, for a job whose row is locked.
 * @returns nothing for an outcome that is stale: of another attempt, or of an execution that does not own it
 */
export function decide(settlement: Settlement, job: LockedJob, random: () => number): Decision[] {
  const current = job.state === 'queued' || job.state === 'running';
  const owns = job.executionId === null || job.executionId === settlement.executionId;
  if (!current || job.attempt !== settlement.attempt || !owns) return [];
  if (job.cancelRequested && isUnfinished(settlement)) return [cancelled(settlement, job)];
  switch (settlement.kind) {
    case 'cancelled':
      return [{ settlement, finish: { settlement, state: 'cancelled', countsAsFailure: false } }];
    case 'released':
      return [{ settlement, attempt: attemptOf(settlement, 'released', null) }];
    case 'snoozed':
      return [
        {
          settlement,
          attempt: attemptOf(settlement, 'snoozed', delayUntil(settlement.retryAtMs ?? 0, settlement)),
        },
      ];
    case 'failed': {
      const failures = job.failures + 1;
      if (settlement.error?.retryable === false || failures >= job.maxAttempts) {
        return [{ settlement, finish: { settlement, state: 'dead', countsAsFailure: true } }];
      }
      const delay =
        settlement.retryAtMs === undefined
          ? retryDelayMs(job.backoff, failures, random())
          : delayUntil(settlement.retryAtMs, settlement);
      return [{ settlement, attempt: attemptOf(settlement, 'failed', delay) }];
    }
    case 'started':
    case 'progress':
    case 'succeeded':
      throw new TypeError(`${settlement.kind} is not decided here`);
  }
}

/** A handler that returns has won; whatever else it says, once its job's cancel was requested, ends the job. */
function isUnfinished({ kind }: Settlement): boolean {
  return kind === 'failed' || kind === 'snoozed' || kind === 'released';
}

function cancelled(settlement: Settlement, job: LockedJob): Decision {
  const said = { ...settlement, error: cancelledError(job.cancelReason) };
  return { settlement, finish: { settlement: said, state: 'cancelled', countsAsFailure: false } };
}

/** The handler named a time by its worker's clock; what counts is how far ahead of its own end it lay. */
function delayUntil(retryAtMs: number, { finishedAtMs = 0 }: Settlement): number {
  return Math.max(0, retryAtMs - finishedAtMs);
}

function attemptOf(s: Settlement, outcome: EndedAttempt['outcome'], delayMs: number | null): EndedAttempt {
  return {
    jobId: s.jobId,
    outcome,
    executionId: s.executionId,
    workerId: s.workerId,
    startedAtMs: s.startedAtMs,
    error: s.error ? errorJson(s.error) : null,
    delayMs,
    countsAsFailure: outcome === 'failed',
  };
}
