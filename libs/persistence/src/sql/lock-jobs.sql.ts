import type { Backoff, LiveState } from '@baton/contracts';
import type { Transaction } from '../transaction/transaction.js';
import { run } from './statement.js';

export interface LockedJob {
  id: string;
  tenantId: string;
  queue: string;
  orderingKey: string | null;
  concurrencyKey: string | null;
  slots: number;
  state: LiveState;
  attempt: number;
  executionId: string | null;
  failures: number;
  maxAttempts: number;
  backoff: Backoff;
  cancelRequested: boolean;
  cancelReason: string | null;
}

const text = `
SELECT j.id, j.tenant_id AS "tenantId", j.queue, j.ordering_key AS "orderingKey", j.concurrency_key AS "concurrencyKey",
  j.slots, j.cancel_requested_at IS NOT NULL AS "cancelRequested", j.cancel_reason AS "cancelReason",
  j.state, j.attempt, j.execution_id AS "executionId", j.failures, j.max_attempts AS "maxAttempts",
  coalesce(j.backoff, (SELECT q.backoff FROM baton.queue q WHERE q.name = j.queue)) AS backoff
FROM baton.job j WHERE j.id = ANY ($1::uuid[])
ORDER BY j.id
FOR UPDATE`;

/** Locks live jobs in the order of their ids; what is missing is terminal or unknown. */
export async function lockJobs(tx: Transaction, jobIds: readonly string[]): Promise<Map<string, LockedJob>> {
  if (jobIds.length === 0) return new Map();
  tx.locking('jobs');
  const rows = await run<LockedJob>(tx, 'lock-jobs', text, [jobIds]);
  return new Map(rows.map((row) => [row.id, row]));
}
