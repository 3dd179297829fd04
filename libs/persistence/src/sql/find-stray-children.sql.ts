import type { TerminalState } from '@baton/contracts';
import type { Transaction } from '../transaction/transaction.js';
import { run, type Queryable } from './statement.js';

const children = `
WITH page AS MATERIALIZED (
  SELECT id, pending_parents FROM baton.job
  WHERE state = 'held' AND reason = 'parents' AND id > $1 ORDER BY id LIMIT $2
)
SELECT id AS "jobId", pending_parents = 0 OR pending_parents <> (
  SELECT count(*) FROM baton.dependency d WHERE d.child_id = page.id AND NOT d.done
) AS miscounted
FROM page ORDER BY id`;

/** A job that waits for its parents. */
export interface WaitingChild {
  jobId: string;
  /** Its count differs from the parents that it still waits for, or it waits for none. */
  miscounted: boolean;
}

/** The next of those that wait, by id. */
export function findWaitingChildren(db: Queryable, after: string, limit: number): Promise<WaitingChild[]> {
  return run<WaitingChild & { [column: string]: unknown }>(db, 'find-waiting-children', children, [
    after,
    limit,
  ]);
}

/** A parent that has ended, which some that wait for it will not be told by anybody. */
export interface UntoldParent {
  jobId: string;
  tenantId: string;
  /** One that is gone counts as cancelled: it is not replayed any more. */
  state: TerminalState;
  /** Somebody should have told it. False: a dead job was purged for whose replay others waited. */
  stray: boolean;
}

// One snapshot: a job that is replayed or ends meanwhile is seen in one of its two places.
const untold = `
WITH open AS MATERIALIZED (
  SELECT DISTINCT d.parent_id, d.tenant_id, d.on_failure = 'hold' AS holds FROM baton.dependency d
  WHERE d.child_id = ANY ($1::uuid[]) AND NOT d.done
    AND NOT EXISTS (SELECT FROM baton.job p WHERE p.id = d.parent_id)
    AND NOT EXISTS (SELECT FROM baton.follow_up f WHERE f.job_id = d.parent_id)
)
SELECT o.parent_id AS "jobId", o.tenant_id AS "tenantId", coalesce(h.state, 'cancelled') AS state,
  bool_or(h.id IS NOT NULL OR NOT o.holds) AS stray
FROM open o LEFT JOIN baton.job_history h ON h.id = o.parent_id
WHERE h.id IS NULL OR h.state <> 'dead' OR NOT o.holds
GROUP BY 1, 2, 3`;

/** The parents of these children that have ended, are not noted to be told, and are not held out for. */
export function findUntoldParents(db: Queryable, childIds: readonly string[]): Promise<UntoldParent[]> {
  return run<UntoldParent & { [column: string]: unknown }>(db, 'find-untold-parents', untold, [childIds]);
}

const lock = `SELECT FROM baton.job WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE`;

// In a statement after the locks: whoever tells a child has it locked while it counts.
const recount = `
UPDATE baton.job j SET pending_parents = c.open
FROM (
  SELECT t.id, (SELECT count(*) FROM baton.dependency d WHERE d.child_id = t.id AND NOT d.done)::int AS open
  FROM unnest($1::uuid[]) AS t(id)
) c
WHERE j.id = c.id AND j.state = 'held' AND j.reason = 'parents' AND (j.pending_parents <> c.open OR c.open = 0)
RETURNING j.id AS "jobId"`;

/** Counts anew what children wait for. @returns those that had it wrong, or waited for none */
export async function recountParents(tx: Transaction, childIds: readonly string[]): Promise<string[]> {
  if (childIds.length === 0) return [];
  tx.locking('jobs');
  await run(tx, 'lock-stray-children', lock, [childIds]);
  const rows = await run<{ jobId: string }>(tx, 'recount-parents', recount, [childIds]);
  return rows.map((row) => row.jobId);
}
