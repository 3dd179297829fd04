import type { Transaction } from '../transaction/transaction.js';
import type { LaneKey } from './lane-key.js';
import { run } from './statement.js';

/** A held job whose last parent is done. */
export interface ReadyChild {
  jobId: string;
  tenantId: string;
  queue: string;
  orderingKey: string | null;
}

const count = `
UPDATE baton.job j SET pending_parents = greatest(0, j.pending_parents - t.n)
FROM unnest($1::uuid[], $2::int[]) AS t(job_id, n) WHERE j.id = t.job_id
RETURNING j.id AS "jobId", j.tenant_id AS "tenantId", j.queue, j.ordering_key AS "orderingKey",
  j.pending_parents = 0 AND j.state = 'held' AND j.reason = 'parents' AS ready`;

/**
 * Counts down the parents that jobs wait for, which the transaction has locked.
 * @returns those that waited for nothing else; what is scheduled goes when its time comes
 */
export async function countParentsDown(
  tx: Transaction,
  counts: ReadonlyMap<string, number>,
): Promise<ReadyChild[]> {
  if (counts.size === 0) return [];
  const rows = await run<ReadyChild & { ready: boolean; [column: string]: unknown }>(
    tx,
    'count-parents-down',
    count,
    [[...counts.keys()], [...counts.values()]],
  );
  return rows.filter((row) => row.ready);
}

export function laneOfChild({ tenantId, queue, orderingKey }: ReadyChild): LaneKey | undefined {
  return orderingKey === null ? undefined : { tenantId, queue, orderingKey };
}

const schedule = `
UPDATE baton.job SET state = 'scheduled', reason = NULL, run_at = coalesce(run_at, (SELECT baton.now()))
WHERE id = ANY ($1::uuid[]) AND state = 'held' AND reason = 'parents' AND pending_parents = 0`;

/**
 * It is their turn: they are due, and the due machinery gives them their places in their lanes, which is the next event
 * of their logs.
 */
export async function scheduleChildren(tx: Transaction, jobIds: readonly string[]): Promise<void> {
  if (jobIds.length > 0) await run(tx, 'schedule-children', schedule, [jobIds]);
}
