import type { Pool } from 'pg';
import { handBack } from '../settle/hand-back.js';
import type { LostWorker } from '../sql/find-lost-workers.sql.js';
import { giveUpWorker, lockOwnedJobs, type OwnedJob } from '../sql/give-up-worker.sql.js';
import type { Released } from '../sql/release-jobs.sql.js';
import { inTransaction } from '../transaction/transaction.js';

export interface Rescue {
  /** What it ran, under the attempts that are over now. */
  jobs: OwnedJob[];
  released: Released[];
}

/**
 * Gives a worker up and releases what it runs, each job under its next attempt, so that nothing it still says of
 * the old ones counts.
 * @returns undefined when the worker turned out to be there
 */
export function rescueWorker(pool: Pool, worker: LostWorker): Promise<Rescue | undefined> {
  return inTransaction(pool, async (tx) => {
    if (!(await giveUpWorker(tx, worker))) return undefined;
    const jobs = await lockOwnedJobs(tx, worker.workerId);
    return {
      jobs,
      released: await handBack(
        tx,
        jobs.map((job) => job.jobId),
      ),
    };
  });
}
