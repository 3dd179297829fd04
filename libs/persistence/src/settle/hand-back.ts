import { endAttempts } from '../sql/end-attempts.sql.js';
import { type Released, releaseJobs } from '../sql/release-jobs.sql.js';
import type { Transaction } from '../transaction/transaction.js';

/** Ends the current attempts of jobs that nobody runs, as `lost`, and releases them again. */
export async function handBack(tx: Transaction, jobIds: readonly string[]): Promise<Released[]> {
  await endAttempts(
    tx,
    jobIds.map((jobId) => ({
      jobId,
      outcome: 'lost',
      executionId: null,
      workerId: null,
      startedAtMs: null,
      error: null,
      delayMs: null,
      countsAsFailure: false,
    })),
  );
  return releaseJobs(tx, jobIds, { again: true });
}
