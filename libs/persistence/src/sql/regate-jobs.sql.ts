import type { Transaction } from '../transaction/transaction.js';
import { keyGate, nextGate, queueGate } from './gate-key.js';
import { run, type Queryable } from './statement.js';

const queues = `SELECT name, updated_at AS "updatedAt" FROM baton.queue WHERE regate ORDER BY name`;

export interface ChangedQueue {
  name: string;
  updatedAt: Date;
}

/** Queues whose settings have changed since the timers last looked at all their gates. */
export function findChangedQueues(db: Queryable): Promise<ChangedQueue[]> {
  return run<ChangedQueue & { [column: string]: unknown }>(db, 'find-changed-queues', queues, []);
}

// To the millisecond, as the driver reads it: a later change of the same millisecond keeps its mark too.
const seen = `
UPDATE baton.queue SET regate = false WHERE name = $1 AND date_trunc('milliseconds', updated_at) = $2`;

/** Says that the timers have seen a change; one that came since keeps its mark. */
export async function markRegated(db: Queryable, { name, updatedAt }: ChangedQueue): Promise<void> {
  await run(db, 'mark-regated', seen, [name, updatedAt]);
}

const misplaced = `
SELECT s.* FROM (
  SELECT j.id, j.priority, ${nextGate('q', 'j.concurrency_key', 'j.slots')} = ${keyGate} AS moves
  FROM baton.job j JOIN baton.queue q ON q.name = j.queue
  WHERE j.queue = $1 AND j.state = 'held' AND j.gate = ${queueGate} AND (j.priority, j.id) > ($2, $3::uuid)
  ORDER BY j.priority, j.id LIMIT $4
  FOR UPDATE OF j SKIP LOCKED
) s ORDER BY s.priority, s.id`;

/** Locks jobs that stand before their queue's gate, in order; `moves`: a limit of their keys is before it now. */
export function lockBeforeQueue(
  tx: Transaction,
  queue: string,
  after: { priority: number; id: string },
  limit: number,
): Promise<{ id: string; priority: number; moves: boolean | null }[]> {
  tx.locking('jobs');
  return run(tx, 'lock-before-queue', misplaced, [queue, after.priority, after.id, limit]);
}
