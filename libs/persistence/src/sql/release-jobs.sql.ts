import type { DispatchMode } from '@baton/contracts';
import type { Transaction } from '../transaction/transaction.js';
import { run } from './statement.js';

/** A job that may run now: whoever released it wakes its queue after the commit. */
export interface Released {
  jobId: string;
  queue: string;
  mode: DispatchMode;
}

const text = `
WITH target AS (
  SELECT j.id, q.dispatch_mode AS mode,
    CASE WHEN q.dispatch_mode = 'event' THEN nextval('baton.outbox_id') END AS outbox_id
  FROM baton.job j JOIN baton.queue q ON q.name = j.queue
  WHERE j.id = ANY ($1::uuid[])
  ORDER BY j.id
  FOR UPDATE OF j
), released AS (
  UPDATE baton.job j
  SET state = 'queued', reason = NULL, mode = t.mode, attempt = j.attempt + 1, outbox_id = t.outbox_id,
    seq = j.seq + 1, queued_seq = j.seq + 1, queued_at = (SELECT baton.now()),
    started_at = NULL, started_seq = NULL, worker_id = NULL, execution_id = NULL
  FROM target t WHERE j.id = t.id
  RETURNING j.id, j.tenant_id, j.queue, j.ordering_key, j.priority, j.mode, j.attempt, j.outbox_id, j.queued_at
), announced AS (
  INSERT INTO baton.outbox (shard, queue, priority, id, job_id, attempt, created_at)
  SELECT baton.shard_of(tenant_id, queue, ordering_key, id), queue, priority, outbox_id, id, attempt, queued_at
  FROM released WHERE mode = 'event'
)
SELECT id AS "jobId", queue, mode FROM released`;

/**
 * Releases live jobs to run once more, each under its next attempt number, in its queue's mode of this moment;
 * in event mode with its outbox row. What is still said under the old attempt changes nothing from here on.
 */
export async function releaseJobs(tx: Transaction, jobIds: readonly string[]): Promise<Released[]> {
  if (jobIds.length === 0) return [];
  tx.locking('jobs');
  return run<Released>(tx, 'release-jobs', text, [jobIds]);
}
