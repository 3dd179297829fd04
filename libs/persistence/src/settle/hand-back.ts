import { endAttempts } from '../sql/end-attempts.sql.js';
import { hastenCancels } from '../sql/hasten-cancels.sql.js';
import { type Released, releaseJobs } from '../sql/release-jobs.sql.js';
import type { Transaction } from '../transaction/transaction.js';

/**
 * Ends the current attempts of jobs that nobody runs, as `lost`, and releases them again; those whose cancel was
 * requested are left to the timers, which end them at once.
 */
export async function handBack(tx: Transaction, jobIds: readonly string[]): Promise<Released[]> {
  const cancelled = await hastenCancels(tx, jobIds);
  const lost = jobIds.filter((id) => !cancelled.has(id));
  await endAttempts(
    tx,
    lost.map((jobId) => ({
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
  return releaseJobs(tx, lost, { again: true });
}
