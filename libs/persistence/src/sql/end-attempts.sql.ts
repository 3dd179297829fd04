import type { StoredTrace } from '../settle/settlement.js';
import type { Transaction } from '../transaction/transaction.js';
import { run } from './statement.js';

/** An attempt that ends while its job lives on. */
export interface EndedAttempt {
  jobId: string;
  outcome: 'failed' | 'snoozed' | 'released' | 'lost';
  executionId: string | null;
  workerId: string | null;
  /** Milliseconds since the epoch; null: as PostgreSQL has it. */
  startedAtMs: number | null;
  /** JSON `{code, message, stack?}`. */
  error: string | null;
  /** Milliseconds from now until it is due again; null: it is released at once, by the caller. */
  delayMs: number | null;
  countsAsFailure: boolean;
}

const text = `
WITH m AS (
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::float8[], $6::text[], $7::float8[], $8::bool[])
    AS m(job_id, outcome, execution_id, worker_id, started_ms, error, delay_ms, failure)
), ended AS (
  UPDATE baton.job j
  SET state = CASE WHEN m.delay_ms IS NULL THEN j.state ELSE 'scheduled' END,
    slots = CASE WHEN m.delay_ms IS NULL THEN j.slots ELSE 0 END,
    run_at = coalesce((SELECT baton.now()) + m.delay_ms * interval '1 ms', j.run_at),
    failures = j.failures + m.failure::int,
    careful = j.careful AND m.outcome IN ('released', 'lost'), -- whoever lets go has not taken its worker with it
    seq = j.seq + (j.started_seq IS NULL AND m.execution_id IS NOT NULL)::int + 1 + (m.delay_ms IS NOT NULL)::int,
    started_seq = coalesce(j.started_seq, CASE WHEN m.execution_id IS NOT NULL THEN j.seq + 1 END),
    started_at = coalesce(j.started_at, to_timestamp(m.started_ms / 1000)),
    execution_id = coalesce(m.execution_id, j.execution_id), worker_id = coalesce(m.worker_id, j.worker_id)
  FROM m WHERE j.id = m.job_id
  RETURNING j.*, m.outcome, m.error, m.delay_ms
), kept AS (
  INSERT INTO baton.job_attempt (job_id, tenant_id, generation, attempt, execution_id, worker_id, queued_at,
    started_at, finished_at, outcome, error, retry_at, queued_seq, started_seq, ended_seq)
  SELECT id, tenant_id, generation, attempt, execution_id, worker_id, queued_at, started_at, (SELECT baton.now()),
    outcome, error, CASE WHEN delay_ms IS NOT NULL THEN run_at END, queued_seq, started_seq,
    seq - (delay_ms IS NOT NULL)::int
  FROM ended
)
SELECT id AS "jobId", state, traceparent, tracestate, baggage,
  floor(extract(epoch FROM run_at) * 1000)::bigint AS "runAtMs" FROM ended`;

export interface EndedRow extends StoredTrace {
  jobId: string;
  state: 'scheduled' | 'queued' | 'running';
  runAtMs: number | null;
}

/**
 * Keeps each job's current attempt in `job_attempt` and, with a delay, schedules the next; without one the
 * caller releases the job at once. The transaction has locked the jobs and checked the attempts.
 */
export async function endAttempts(tx: Transaction, ended: readonly EndedAttempt[]): Promise<EndedRow[]> {
  if (ended.length === 0) return [];
  tx.locking('jobs');
  return run<EndedRow>(tx, 'end-attempts', text, [
    ended.map((e) => e.jobId),
    ended.map((e) => e.outcome),
    ended.map((e) => e.executionId),
    ended.map((e) => e.workerId),
    ended.map((e) => e.startedAtMs),
    ended.map((e) => e.error),
    ended.map((e) => e.delayMs),
    ended.map((e) => e.countsAsFailure),
  ]);
}
