import type { PayloadOf } from '@baton/contracts';
import { uuidv7 } from 'uuidv7';
import { JobEnqueuer, type EnqueueFromHandler } from '../handler/job-enqueuer.js';

/** A job that a handler posted. */
export interface EnqueuedJob {
  readonly id: string;
  readonly queue: string;
  readonly payload: unknown;
  readonly options: EnqueueFromHandler;
}

/** Keeps what is posted; a second job with the same idempotency key is the first. */
export class RecordingEnqueuer extends JobEnqueuer {
  readonly jobs: EnqueuedJob[] = [];

  override async enqueue<Queue extends string>(
    queue: Queue,
    payload: PayloadOf<Queue>,
    options: EnqueueFromHandler = {},
  ): Promise<{ readonly id: string }> {
    const { idempotencyKey } = options;
    const same = this.jobs.find(
      (job) => idempotencyKey !== undefined && job.options.idempotencyKey === idempotencyKey,
    );
    if (same) return same;
    // As it would arrive: what JSON does not have is gone.
    const job = {
      id: uuidv7(),
      queue,
      payload: JSON.parse(JSON.stringify(payload ?? null)) as unknown,
      options,
    };
    this.jobs.push(job);
    return job;
  }
}
