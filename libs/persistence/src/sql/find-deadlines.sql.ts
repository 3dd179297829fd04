import type { StoredTrace } from '../settle/settlement.js';
import type { Transaction } from '../transaction/transaction.js';
import { run, type Queryable } from './statement.js';

/** The last checkpoint that an overdue job has reached. */
export type StuckAt = 'scheduled' | 'held' | 'queued' | 'published' | 'started';

/** A job that is not done at its deadline. Times are milliseconds since the epoch. */
export interface OverdueJob extends StoredTrace {
  jobId: string;
  tenantId: string;
  queue: string;
  attempt: number;
  stuckAt: StuckAt;
  /** When it first became due. */
  dueAtMs: number;
  deadlineAtMs: number;
  overdueAtMs: number;
}

// One that somebody else has locked ends or moves this moment, and is looked at again if it stays overdue.
const text = `
WITH late AS MATERIALIZED (
  SELECT id FROM baton.job WHERE deadline_at <= (SELECT baton.now()) AND overdue_at IS NULL
  ORDER BY deadline_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE baton.job j SET overdue_at = (SELECT baton.now()) FROM late WHERE j.id = late.id
RETURNING j.id AS "jobId", j.tenant_id AS "tenantId", j.queue, j.attempt, j.traceparent, j.tracestate, j.baggage,
  CASE WHEN j.state = 'running' THEN 'started' WHEN j.state <> 'queued' THEN j.state::text
    WHEN j.mode = 'event' AND NOT EXISTS (
      SELECT FROM baton.outbox o WHERE o.shard = baton.shard_of(j.tenant_id, j.queue, j.ordering_key, j.id)
        AND o.queue = j.queue AND o.priority = j.priority AND o.id = j.outbox_id) THEN 'published'
    ELSE 'queued' END AS "stuckAt",
  floor(extract(epoch FROM j.deadline_at) * 1000 - coalesce(j.expect_ms, 0))::bigint AS "dueAtMs",
  floor(extract(epoch FROM j.deadline_at) * 1000)::bigint AS "deadlineAtMs",
  floor(extract(epoch FROM j.overdue_at) * 1000)::bigint AS "overdueAtMs"`;

/** Marks, and locks, live jobs whose deadline has gone by: each once. */
export function markOverdueJobs(tx: Transaction, limit: number): Promise<OverdueJob[]> {
  tx.locking('jobs');
  return run<OverdueJob & { [column: string]: unknown }>(tx, 'mark-overdue-jobs', text, [limit]);
}

const next = `
SELECT floor(extract(epoch FROM baton.now()) * 1000)::bigint AS "nowMs",
  (SELECT ceil(extract(epoch FROM min(deadline_at)) * 1000)::bigint FROM baton.job
   WHERE deadline_at IS NOT NULL AND overdue_at IS NULL) AS "deadlineAtMs"`;

/** PostgreSQL's time, and the next deadline, milliseconds since the epoch; null: there is none. */
export async function findNextDeadline(
  db: Queryable,
): Promise<{ nowMs: number; deadlineAtMs: number | null }> {
  type Row = { nowMs: number; deadlineAtMs: number | null };
  const [row] = await run<Row>(db, 'find-next-deadline', next, []);
  if (!row) throw new TypeError('find-next-deadline returned no row');
  return row;
}
