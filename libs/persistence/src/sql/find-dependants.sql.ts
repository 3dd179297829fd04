import type { FailurePolicy, TerminalState } from '@baton/contracts';
import type { Transaction } from '../transaction/transaction.js';
import type { LaneKey } from './lane-key.js';
import { run, type Queryable } from './statement.js';

/** A terminal job whose dependants are to be told, as it was noted. */
export interface FollowUp {
  jobId: string;
  state: TerminalState;
  /** How often it was noted. */
  times: number;
}

const followUps = `SELECT job_id AS "jobId", state, times FROM baton.follow_up WHERE job_id = ANY ($1::uuid[])`;

export function readFollowUps(db: Queryable, jobIds: readonly string[]): Promise<FollowUp[]> {
  return run<FollowUp & { [column: string]: unknown }>(db, 'read-follow-ups', followUps, [jobIds]);
}

const oldest = `SELECT job_id AS "jobId" FROM baton.follow_up ORDER BY created_at LIMIT $1`;

/** Jobs whose dependants are still to be told, the oldest first. */
export async function findFollowUps(db: Queryable, limit: number): Promise<string[]> {
  const rows = await run<{ jobId: string }>(db, 'find-follow-ups', oldest, [limit]);
  return rows.map((row) => row.jobId);
}

/** A dependant that has not been told of its parent's end. */
export interface Dependant {
  parentId: string;
  childId: string;
  onFailure: FailurePolicy;
  parentState: TerminalState;
  /** Of a live child with an ordering key that may be the next to go. */
  lane: LaneKey | null;
}

// A parent that is live again was replayed: what befell it before is told no more, and its next end is noted anew.
// Who holds out for a replay is told of nothing else; a cancelled parent is never replayed.
const dependants = `
SELECT d.parent_id AS "parentId", d.child_id AS "childId", d.on_failure AS "onFailure", f.state AS "parentState",
  CASE WHEN j.ordering_key IS NOT NULL AND j.state = 'held'
    THEN jsonb_build_object('tenantId', j.tenant_id, 'queue', j.queue, 'orderingKey', j.ordering_key) END AS lane
FROM baton.follow_up f CROSS JOIN LATERAL (
  SELECT * FROM baton.dependency d
  WHERE d.parent_id = f.job_id AND NOT d.done AND NOT (f.state = 'dead' AND d.on_failure = 'hold')
    AND (f.state <> 'dead' OR NOT EXISTS (SELECT FROM baton.job p WHERE p.id = f.job_id))
  ORDER BY d.child_id LIMIT $2
) d
LEFT JOIN baton.job j ON j.id = d.child_id
WHERE f.job_id = ANY ($1::uuid[])
ORDER BY d.child_id LIMIT $2`;

/** The next dependants of jobs that have a note, by id, so that all that one child waits for here is told it at once. */
export function findDependants(
  db: Queryable,
  jobIds: readonly string[],
  limit: number,
): Promise<Dependant[]> {
  return run<Dependant & { [column: string]: unknown }>(db, 'find-dependants', dependants, [jobIds, limit]);
}

const children = `SELECT FROM baton.job WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE`;

// In a statement after the children's locks: what another has told a child meanwhile is told it once.
const tell = `
UPDATE baton.dependency d SET done = true
FROM unnest($1::uuid[], $2::uuid[]) AS t(parent_id, child_id)
WHERE d.parent_id = t.parent_id AND d.child_id = t.child_id AND NOT d.done
RETURNING d.parent_id AS "parentId", d.child_id AS "childId"`;

/**
 * Locks the children, and takes the telling upon the transaction.
 * @returns what nobody else has told
 */
export async function takeTelling(tx: Transaction, all: readonly Dependant[]): Promise<Dependant[]> {
  if (all.length === 0) return [];
  tx.locking('jobs');
  await run(tx, 'lock-dependants', children, [[...new Set(all.map(({ childId }) => childId))]]);
  const told = await run<{ parentId: string; childId: string }>(tx, 'tell-dependants', tell, [
    all.map(({ parentId }) => parentId),
    all.map(({ childId }) => childId),
  ]);
  const pair = (d: { parentId: string; childId: string }): string => `${d.parentId}/${d.childId}`;
  const ours = new Set(told.map(pair));
  return all.filter((dependant) => ours.has(pair(dependant)));
}

const forget = `
DELETE FROM baton.follow_up f USING unnest($1::uuid[], $2::int[]) AS t(job_id, times)
WHERE f.job_id = t.job_id AND f.times = t.times RETURNING f.job_id AS "jobId"`;

/**
 * Deletes notes that are worked off; one that was noted again since it was read is kept.
 * @returns those deleted
 */
export async function forgetFollowUps(tx: Transaction, read: readonly FollowUp[]): Promise<string[]> {
  if (read.length === 0) return [];
  const rows = await run<{ jobId: string }>(tx, 'forget-follow-ups', forget, [
    read.map(({ jobId }) => jobId),
    read.map(({ times }) => times),
  ]);
  return rows.map((row) => row.jobId);
}
