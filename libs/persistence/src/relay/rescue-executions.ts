import type { Pool } from 'pg';
import { handBack } from '../settle/hand-back.js';
import { lockExecutions } from '../sql/find-missing-executions.sql.js';
import type { OwnedJob } from '../sql/give-up-worker.sql.js';
import type { Released } from '../sql/release-jobs.sql.js';
import { inTransaction } from '../transaction/transaction.js';

/**
 * Releases again what executions ran that their workers know nothing of any more. The workers live, so nothing is held
 * against the jobs. What has ended meanwhile is left alone.
 */
export function rescueExecutions(
  pool: Pool,
  { workerIds, executionIds }: { workerIds: readonly string[]; executionIds: readonly string[] },
): Promise<{ jobs: OwnedJob[]; released: Released[] }> {
  return inTransaction(pool, async (tx) => {
    const jobs = await lockExecutions(tx, workerIds, executionIds);
    return {
      jobs,
      released: await handBack(
        tx,
        jobs.map((job) => job.jobId),
      ),
    };
  });
}
