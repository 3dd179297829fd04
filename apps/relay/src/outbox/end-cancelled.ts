import {
  type CancelReport,
  endRequested,
  inTransaction,
  type Database,
  type OutboxRow,
} from '@baton/persistence';

/** Rows whose job's cancel was requested before they were sent. */
export function cancelledRows(rows: readonly OutboxRow[]): OutboxRow[] {
  return rows.filter((row) => row.job?.cancelRequested);
}

/**
 * Ends jobs whose record was not sent because their cancel was requested. One that runs by now (a leader before this one
 * sent its record and could not delete its row) is left to its worker.
 * @returns the report, and the rows that need no record: all but those whose lane is busy
 */
export async function endCancelled(
  { pool }: Database,
  rows: readonly OutboxRow[],
): Promise<{ report: CancelReport; done: OutboxRow[] }> {
  const wanted = rows.map(({ jobId, attempt, job }) => ({
    jobId,
    attempt,
    reason: job?.cancelReason ?? null,
  }));
  const report = await inTransaction(pool, (tx) => endRequested(tx, wanted, { queuedOnly: true }));
  const busy = new Set(report.busy);
  return { report, done: rows.filter(({ jobId }) => !busy.has(jobId)) };
}
