import type { Transaction } from '../transaction/transaction.js';
import { keptColumns } from './job-columns.js';
import { run } from './statement.js';

/** A dead job that is to run again. */
export interface Replayed {
  jobId: string;
  queue: string;
  generation: number;
}

/** What begins anew; every other column that history keeps is taken over. */
const begunAnew = new Set(
  `mode lane_place payload generation queued_seq run_at queued_at outbox_id pending_parents deadline_at overdue_at
   cancel_requested_at cancel_by cancel_reason crashes careful alone progress progress_data checkpoint`.split(
    /\s+/,
  ),
);
const takenOver = keptColumns
  .split(',')
  .map((column) => column.trim())
  .filter((column) => !begunAnew.has(column))
  .join(', ');

// The attempt in which it died was told from its row in history; now that row goes, and the attempt is kept as the others.
const text = `
WITH moment AS MATERIALIZED (SELECT baton.now() AS now),
gone AS (
  DELETE FROM baton.job_history h
  WHERE h.id = ANY ($1::uuid[]) AND h.tenant_id = $2 AND h.state = 'dead' AND ($3::text IS NULL OR h.queue = $3)
  RETURNING h.*
), kept AS (
  INSERT INTO baton.job_attempt (job_id, tenant_id, generation, attempt, execution_id, worker_id, queued_at, started_at,
    finished_at, outcome, error, queued_seq, started_seq, ended_seq)
  SELECT id, tenant_id, generation, attempt, execution_id, worker_id, queued_at, started_at, finished_at, 'failed', error,
    queued_seq, started_seq, seq
  FROM gone g
  WHERE attempt > 0 AND NOT EXISTS (
    SELECT FROM baton.job_attempt a WHERE a.job_id = g.id AND a.generation = g.generation AND a.attempt = g.attempt
  )
), back AS (
  INSERT INTO baton.job (${takenOver}, state, seq, generation, run_at, payload, careful, checkpoint)
  SELECT ${takenOver}, 'scheduled', 1, generation + 1, m.now, coalesce($4::text, payload), crashes > 0,
    CASE WHEN $4::text IS NULL THEN checkpoint END
  FROM gone, moment m
  RETURNING id, tenant_id, queue, generation
), told AS (
  INSERT INTO baton.job_event (job_id, tenant_id, generation, seq, type, at, data)
  SELECT id, tenant_id, generation, 1, 'job.replayed', m.now, CASE WHEN $4::text IS NOT NULL THEN '{"edited":true}' END
  FROM back, moment m
)
SELECT id AS "jobId", queue, generation FROM back`;

export interface ReplayParams {
  tenantId: string;
  jobIds: readonly string[];
  /** Only this queue's. */
  queue?: string | undefined;
  /** JSON, in place of the payload with which the job died. */
  payload?: string | undefined;
}

/**
 * Moves dead jobs back from history, each in a new generation: due now, with no failures and no place in its lane, so that
 * it goes to the tail. Its attempts are numbered on, so what is said under an old one changes nothing. Wake the timers.
 * @returns those that were dead; the others are in a state that does not allow it, or there is no such job
 */
export function replayJobs(tx: Transaction, params: ReplayParams): Promise<Replayed[]> {
  tx.locking('jobs');
  return run<Replayed & { [column: string]: unknown }>(tx, 'replay-jobs', text, [
    params.jobIds,
    params.tenantId,
    params.queue ?? null,
    params.payload ?? null,
  ]);
}
