import type { Transaction } from '../transaction/transaction.js';
import { laneColumns, laneId, type LaneKey, laneRows, ofLane, sortedLanes } from './lane-key.js';
import { run } from './statement.js';

// Sorted, so that two groups that make the same new lanes wait for each other in one direction only.
const insertMissing = `
INSERT INTO baton.lane (tenant_id, queue, ordering_key)
SELECT k.* FROM ${laneRows}
WHERE NOT EXISTS (SELECT FROM baton.lane l WHERE ${ofLane('l')})
ORDER BY k.tenant_id, k.queue, k.ordering_key
ON CONFLICT DO NOTHING`;

const lock = (busy: 'SKIP LOCKED' | 'NOWAIT'): string => `
SELECT l.tenant_id AS "tenantId", l.queue, l.ordering_key AS "orderingKey"
FROM ${laneRows} JOIN baton.lane l ON ${ofLane('l')}
ORDER BY l.tenant_id, l.queue, l.ordering_key
FOR UPDATE OF l ${busy}`;

// A busy lane is skipped, never waited for: it would hold up all other members of the batch.
const lockFree = lock('SKIP LOCKED');
const lockAll = lock('NOWAIT');

const existing = `
SELECT l.tenant_id AS "tenantId", l.queue, l.ordering_key AS "orderingKey"
FROM ${laneRows} JOIN baton.lane l ON ${ofLane('l')}`;

/**
 * Locks lanes for the rest of the transaction, before any job is locked.
 * @param options.create true: a lane that is not there is made (accept). False: such a lane counts as locked,
 *   since whoever wants it has nothing to do there (settle of a job that is terminal already).
 * @returns the lanes now locked, and those that another transaction holds
 */
export async function lockLanes(
  tx: Transaction,
  keys: Iterable<LaneKey>,
  { create }: { create: boolean },
): Promise<{ locked: LaneKey[]; busy: LaneKey[] }> {
  tx.locking('lanes');
  const wanted = sortedLanes(keys);
  if (wanted.length === 0) return { locked: [], busy: [] };
  if (create) await run(tx, 'lock-lanes-insert', insertMissing, laneColumns(wanted));
  const locked = new Set((await run<LaneKey>(tx, 'lock-lanes', lockFree, laneColumns(wanted))).map(laneId));
  const others = wanted.filter((key) => !locked.has(laneId(key)));
  const taken = new Set<string>();
  if (others.length > 0) {
    const there = await run<LaneKey>(tx, 'lock-lanes-existing', existing, laneColumns(others));
    for (const key of create ? others : there) taken.add(laneId(key));
  }
  return {
    locked: wanted.filter((key) => !taken.has(laneId(key))),
    busy: others.filter((key) => taken.has(laneId(key))),
  };
}

/**
 * Locks lanes, those that are there, for the rest of the transaction, or fails with SQLSTATE 55P03 where another
 * transaction holds one: for who sends what follows before the answer has come.
 */
export async function lockAllLanes(tx: Transaction, keys: readonly LaneKey[]): Promise<void> {
  tx.locking('lanes');
  await run(tx, 'lock-all-lanes', lockAll, laneColumns(sortedLanes(keys)));
}
