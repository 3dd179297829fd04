import type { Queryable } from './statement.js';
import { run } from './statement.js';

const overdue = `
SELECT id AS "jobId", attempt, cancel_reason AS reason FROM baton.job
WHERE cancel_by <= (SELECT baton.now()) ORDER BY cancel_by LIMIT $1`;

/** Jobs whose cancel was requested and whose grace is over. */
export function findOverdueCancels(
  db: Queryable,
  limit: number,
): Promise<{ jobId: string; attempt: number; reason: string | null }[]> {
  return run(db, 'find-overdue-cancels', overdue, [limit]);
}

const next = `
SELECT ceil(extract(epoch FROM min(cancel_by) - (SELECT baton.now())) * 1000)::bigint AS "inMs"
FROM baton.job WHERE cancel_by IS NOT NULL`;

/** Milliseconds until the next grace is over; undefined: no cancel is requested. */
export async function findNextCancel(db: Queryable): Promise<number | undefined> {
  const [row] = await run<{ inMs: number | null }>(db, 'find-next-cancel', next, []);
  return row?.inMs ?? undefined;
}

const owned = `
SELECT execution_id AS "executionId", cancel_reason AS reason FROM baton.job
WHERE id = ANY ($1::uuid[]) AND execution_id = ANY ($2::uuid[]) AND cancel_requested_at IS NOT NULL`;

export interface CancelledExecution {
  executionId: string;
  reason: string | null;
}

/** Which of these executions, with their jobs, are to be cancelled. */
export function findCancelledExecutions(
  db: Queryable,
  executions: readonly { jobId: string; executionId: string }[],
): Promise<CancelledExecution[]> {
  return run<CancelledExecution & { [column: string]: unknown }>(db, 'find-cancelled-executions', owned, [
    executions.map((execution) => execution.jobId),
    executions.map((execution) => execution.executionId),
  ]);
}
