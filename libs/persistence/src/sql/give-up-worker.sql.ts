import type { Transaction } from '../transaction/transaction.js';
import { hasSession, isSilent, type LostWorker } from './find-lost-workers.sql.js';
import { run } from './statement.js';

// What was true at the look must be true under the row's lock: the worker may have spoken or renewed meanwhile.
// A claim holds a share lock on the row, so it comes before this and is seen, or finds the worker gone.
const texts = {
  session: `UPDATE baton.worker w SET state = 'lost' WHERE w.id = $1 AND w.state = 'alive' AND NOT ${hasSession} RETURNING w.state`,
  lease: `UPDATE baton.worker w SET state = 'lost'
    WHERE w.id = $1 AND w.state = 'alive' AND w.lease_until <= (SELECT baton.now()) RETURNING w.state`,
  // One that left or was given up before may have bound a job just then: what it owns is lost all the same.
  silence: `UPDATE baton.worker w SET state = CASE w.state WHEN 'alive' THEN 'lost' ELSE w.state END
    WHERE w.id = $1 AND ${isSilent} RETURNING w.state`,
};

/** Marks a worker as lost. @returns its state now: lost, or left before; undefined when it turned out to be there */
export async function giveUpWorker(
  tx: Transaction,
  { workerId, reason }: LostWorker,
): Promise<'lost' | 'left' | undefined> {
  const rows = await run<{ state: 'lost' | 'left' }>(tx, `give-up-worker-${reason}`, texts[reason], [
    workerId,
  ]);
  return rows[0]?.state;
}

/** A job that its worker was running when it was given up. */
export interface OwnedJob {
  jobId: string;
  tenantId: string;
  queue: string;
  orderingKey: string | null;
  attempt: number;
  executionId: string;
  workerId: string;
  startedAtMs: number;
  traceparent: string | null;
  tracestate: string | null;
  baggage: string | null;
}

export const ownedColumns = `id AS "jobId", tenant_id AS "tenantId", queue, ordering_key AS "orderingKey", attempt, execution_id AS "executionId", worker_id AS "workerId",
  floor(extract(epoch FROM started_at) * 1000)::bigint AS "startedAtMs", traceparent, tracestate, baggage`;
const owned = `
SELECT ${ownedColumns} FROM baton.job WHERE worker_id = $1 AND state = 'running' ORDER BY id FOR UPDATE`;

/** Locks all that a worker runs. */
export function lockOwnedJobs(tx: Transaction, workerId: string): Promise<OwnedJob[]> {
  tx.locking('jobs');
  return run<OwnedJob & { [column: string]: unknown }>(tx, 'lock-owned-jobs', owned, [workerId]);
}
