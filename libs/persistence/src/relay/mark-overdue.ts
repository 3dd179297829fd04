import type { Pool } from 'pg';
import { markOverdueJobs, type OverdueJob } from '../sql/find-deadlines.sql.js';
import { noteEvents } from '../sql/note-events.sql.js';
import { inTransaction } from '../transaction/transaction.js';

/** Marks jobs that are not done at their deadline, and notes it in their logs. Nothing else happens to them here. */
export function markOverdue(pool: Pool, limit: number): Promise<OverdueJob[]> {
  return inTransaction(pool, async (tx) => {
    const overdue = await markOverdueJobs(tx, limit);
    await noteEvents(
      tx,
      overdue.map(({ jobId, stuckAt, deadlineAtMs }) => ({
        jobId,
        type: 'job.overdue',
        data: { stuckAt, deadlineAt: new Date(deadlineAtMs).toISOString() },
      })),
    );
    return overdue;
  });
}
