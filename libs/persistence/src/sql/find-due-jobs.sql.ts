import type { Transaction } from '../transaction/transaction.js';
import { isDue } from './deadline.sql.js';
import type { LaneKey } from './lane-key.js';
import { run, type Queryable } from './statement.js';

const lanes = `
SELECT DISTINCT tenant_id AS "tenantId", queue, ordering_key AS "orderingKey" FROM (
  SELECT tenant_id, queue, ordering_key FROM baton.job
  WHERE state = 'scheduled' AND run_at <= (SELECT baton.now()) AND ordering_key IS NOT NULL AND lane_place IS NULL
    AND pending_parents = 0
  ORDER BY run_at LIMIT $1
) due`;

/** Lanes with due jobs that have no place yet. */
export function findDueLanes(db: Queryable, limit: number): Promise<LaneKey[]> {
  return run<LaneKey & { [column: string]: unknown }>(db, 'find-due-lanes', lanes, [limit]);
}

// One that somebody else has locked is cancelled or rescheduled this moment, and looked at again if it stays due.
const jobs = `
SELECT id, pending_parents > 0 AS waits FROM baton.job
WHERE state = 'scheduled' AND run_at <= (SELECT baton.now())
  AND (ordering_key IS NULL OR lane_place IS NOT NULL OR pending_parents > 0)
ORDER BY run_at LIMIT $1
FOR UPDATE SKIP LOCKED`;

/**
 * Locks due jobs that wait for no lane: those without one, and holders of theirs in backoff.
 * @returns those that may go, and those that now wait for their parents
 */
export async function lockDueJobs(
  tx: Transaction,
  limit: number,
): Promise<{ free: string[]; waiting: string[] }> {
  tx.locking('jobs');
  const rows = await run<{ id: string; waits: boolean }>(tx, 'lock-due-jobs', jobs, [limit]);
  const ids = (waits: boolean): string[] => rows.filter((row) => row.waits === waits).map((row) => row.id);
  return { free: ids(false), waiting: ids(true) };
}

const hold = `
UPDATE baton.job j SET state = 'held', reason = 'parents', seq = j.seq + 1, ${isDue('j')}
WHERE id = ANY ($1::uuid[]) AND state = 'scheduled'`;

/** Due jobs whose parents are not finished. */
export async function holdForParents(tx: Transaction, jobIds: readonly string[]): Promise<void> {
  if (jobIds.length > 0) await run(tx, 'hold-for-parents', hold, [jobIds]);
}

const next = `
SELECT floor(extract(epoch FROM baton.now()) * 1000)::bigint AS "nowMs",
  (SELECT ceil(extract(epoch FROM min(run_at)) * 1000)::bigint FROM baton.job WHERE state = 'scheduled') AS "dueAtMs"`;

/** PostgreSQL's time, and when the next job is due, milliseconds since the epoch; null: none is scheduled. */
export async function findNextDue(db: Queryable): Promise<{ nowMs: number; dueAtMs: number | null }> {
  const [row] = await run<{ nowMs: number; dueAtMs: number | null }>(db, 'find-next-due', next, []);
  if (!row) throw new TypeError('find-next-due returned no row');
  return row;
}
