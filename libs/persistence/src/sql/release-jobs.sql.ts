import type { DispatchMode } from '@baton/contracts';
import type { Transaction } from '../transaction/transaction.js';
import { type GateLevel, gateOf, gateReason, nextGate } from './gate-key.js';
import { run } from './statement.js';

/** A job that may run now: whoever released it wakes its queue after the commit. */
export interface Released {
  jobId: string;
  queue: string;
  mode: DispatchMode;
}

// The deadline is counted from when the job first became due.
const text = (gate: string): string => `
WITH target AS (
  SELECT j.id, q.dispatch_mode AS mode, g.gate, ${gateReason('q', 'g.gate')} AS reason, q.expect_ms,
    CASE WHEN g.gate IS NULL AND q.dispatch_mode = 'event' THEN nextval('baton.outbox_id') END AS outbox_id
  FROM baton.job j JOIN baton.queue q ON q.name = j.queue CROSS JOIN LATERAL (SELECT ${gate} AS gate) g
  WHERE j.id = ANY ($1::uuid[])
  ORDER BY j.id
  FOR UPDATE OF j
), held AS (
  UPDATE baton.job j
  SET state = 'held', reason = t.reason, gate = t.gate, seq = j.seq + (j.state <> 'held')::int,
    deadline_at = coalesce(j.deadline_at, (SELECT baton.now()) + coalesce(j.expect_ms, t.expect_ms) * interval '1 ms')
  FROM target t WHERE j.id = t.id AND t.gate IS NOT NULL
  RETURNING j.id, j.queue, j.tenant_id, j.concurrency_key, j.gate
), released AS (
  UPDATE baton.job j
  SET state = 'queued', reason = NULL, gate = NULL, mode = t.mode, attempt = j.attempt + 1, outbox_id = t.outbox_id,
    seq = j.seq + 1, queued_seq = j.seq + 1, queued_at = (SELECT baton.now()),
    deadline_at = coalesce(j.deadline_at, (SELECT baton.now()) + coalesce(j.expect_ms, t.expect_ms) * interval '1 ms'),
    started_at = NULL, started_seq = NULL, worker_id = NULL, execution_id = NULL, alone = false
  FROM target t WHERE j.id = t.id AND t.gate IS NULL
  RETURNING j.id, j.tenant_id, j.queue, j.ordering_key, j.priority, j.mode, j.attempt, j.outbox_id, j.queued_at
), announced AS (
  INSERT INTO baton.outbox (shard, queue, priority, id, job_id, attempt, created_at)
  SELECT baton.shard_of(tenant_id, queue, ordering_key, id), queue, priority, outbox_id, id, attempt, queued_at
  FROM released WHERE mode = 'event'
)
SELECT id AS "jobId", queue, mode, NULL::smallint AS gate, NULL::uuid AS "tenantId", NULL AS "concurrencyKey" FROM released
UNION ALL
SELECT id, queue, NULL, gate, tenant_id, concurrency_key FROM held`;

const throughGates = text(nextGate('q', 'j.concurrency_key', 'j.slots'));
const again = text('NULL::smallint');

type Row =
  | (Released & { gate: null })
  | { gate: GateLevel; queue: string; tenantId: string; concurrencyKey: string | null };

/**
 * Releases live jobs to run once more, each under its next attempt number, in its queue's mode of this moment;
 * in event mode with its outbox row. What is still said under the old attempt changes nothing from here on.
 * A job of a queue with limits is held before its gate instead: `passGates`, last in the transaction, lets it through
 * where there is room.
 * @param options.again true: it was released already and nobody runs it any more; it has what slots it needs
 * @param options.locked true: the transaction has locked the jobs, and may have gone on to lock counters
 */
export async function releaseJobs(
  tx: Transaction,
  jobIds: readonly string[],
  options: { again?: boolean; locked?: boolean } = {},
): Promise<Released[]> {
  if (jobIds.length === 0) return [];
  if (!options.locked) tx.locking('jobs');
  const [name, sql] = options.again ? ['release-jobs-again', again] : ['release-jobs', throughGates];
  const rows = await run<Row>(tx, name, sql, [jobIds]);
  return rows.flatMap((row): Released[] => {
    if (row.gate === null) return [{ jobId: row.jobId, queue: row.queue, mode: row.mode }];
    tx.touchGate(gateOf(row));
    return [];
  });
}
