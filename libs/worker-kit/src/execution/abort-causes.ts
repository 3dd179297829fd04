import { BatonError, formatDuration } from '@baton/contracts';

/** The attempt's time is over: it has failed, whatever the handler still does. */
export class AttemptTimeoutError extends BatonError {
  constructor(timeoutMs: number) {
    super('timeout', `the attempt ran longer than its timeout of ${formatDuration(timeoutMs)}`);
    this.name = 'TimeoutError';
  }
}

/** The job belongs to another execution by now: nothing that this one says counts. */
export class OwnershipLostError extends BatonError {
  constructor(why: string) {
    super('worker_lost', why);
  }
}

/** The process stops; what has not let go is handed back. */
export class WorkerDrainingError extends BatonError {
  constructor() {
    super('unavailable', 'the worker stops; the job is handed back to run elsewhere');
  }
}

/** Somebody asked to cancel the job. What the handler returns all the same counts; nothing else that it says does. */
export class JobCancelledError extends BatonError {
  /** @param reason as whoever asked gave it */
  constructor(reason: string | null | undefined) {
    super('job_cancelled', reason || 'the job was cancelled');
    this.name = 'AbortError';
  }
}

export type AbortCause = JobCancelledError | AttemptTimeoutError | OwnershipLostError | WorkerDrainingError;
