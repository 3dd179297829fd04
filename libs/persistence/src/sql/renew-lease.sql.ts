import { timing } from '@baton/contracts';
import type { Pool } from 'pg';
import { inTransaction } from '../transaction/transaction.js';
import { handBack } from '../settle/hand-back.js';
import type { Released } from './release-jobs.sql.js';
import { run } from './statement.js';

const renew = `
UPDATE baton.worker SET lease_until = (SELECT baton.now()) + ${timing.leaseMs} * interval '1 ms'
WHERE id = $1 AND state = 'alive' RETURNING id`;

// Two renewals old: a claim whose answer is merely under way is not yet missed.
const missing = `
SELECT id FROM baton.job
WHERE worker_id = $1 AND state = 'running' AND execution_id <> ALL ($2::uuid[])
  AND started_at < (SELECT baton.now()) - ${2 * timing.leaseRenewMs} * interval '1 ms'
ORDER BY id FOR UPDATE`;

/**
 * Renews a polling worker's lease and releases again what PostgreSQL believes it runs and it does not: the
 * answer to a claim was lost on its way.
 * @param executionIds everything that the worker runs or has not settled yet
 * @returns alive false: the worker was given up; it must stop what it runs and register under a new id
 */
export async function renewLease(
  pool: Pool,
  { workerId, executionIds }: { workerId: string; executionIds: readonly string[] },
): Promise<{ alive: boolean; released: Released[] }> {
  return inTransaction(pool, async (tx) => {
    const alive = await run<{ id: string }>(tx, 'renew-lease', renew, [workerId]);
    if (alive.length === 0) return { alive: false, released: [] };
    tx.locking('jobs');
    const rows = await run<{ id: string }>(tx, 'renew-lease-missing', missing, [workerId, executionIds]);
    return {
      alive: true,
      released: await handBack(
        tx,
        rows.map((row) => row.id),
      ),
    };
  });
}
