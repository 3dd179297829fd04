import type { DispatchMode, LiveState } from '@baton/contracts';
import { endedColumns, type EndedColumns, type EndedJob, endedJob } from '../settle/ended-job.js';
import { errorJson, type JobFailure, type StoredTrace, type TerminalOutcome } from '../settle/settlement.js';
import type { Transaction } from '../transaction/transaction.js';
import { joinExpiry } from './expiry.sql.js';
import { keptColumns } from './job-columns.js';
import type { LaneKey } from './lane-key.js';
import { type Queryable, run } from './statement.js';

const lanes = `
SELECT id AS "jobId", tenant_id AS "tenantId", queue, ordering_key AS "orderingKey"
FROM baton.job WHERE id = ANY ($1::uuid[]) AND ordering_key IS NOT NULL`;

/** The lanes that live jobs belong to, whatever their states. */
export function findLanesOf(
  db: Queryable,
  jobIds: readonly string[],
): Promise<(LaneKey & { jobId: string })[]> {
  return run<LaneKey & { jobId: string; [column: string]: unknown }>(db, 'find-lanes-of', lanes, [jobIds]);
}

export interface CancellableJob {
  jobId: string;
  state: LiveState;
  mode: DispatchMode | null;
  attempt: number;
  cancelRequested: boolean;
}

const lock = `
SELECT id AS "jobId", state, mode, attempt, cancel_requested_at IS NOT NULL AS "cancelRequested"
FROM baton.job WHERE id = ANY ($1::uuid[]) AND ($2::uuid IS NULL OR tenant_id = $2)
ORDER BY id
FOR UPDATE`;

/**
 * Locks live jobs in the order of their ids: from here on nobody claims, settles or releases them.
 * @param tenantId only this tenant's; null: anyone's
 */
export function lockForCancel(
  tx: Transaction,
  jobIds: readonly string[],
  tenantId: string | null,
): Promise<CancellableJob[]> {
  tx.locking('jobs');
  return run<CancellableJob & { [column: string]: unknown }>(tx, 'lock-for-cancel', lock, [jobIds, tenantId]);
}

// The grace counts from the first request; asking again changes nothing.
const request = `
UPDATE baton.job j
SET cancel_requested_at = m.now, cancel_by = m.now + q.cancel_grace_ms * interval '1 ms', cancel_reason = $2
FROM baton.queue q, (SELECT baton.now() AS now) m
WHERE j.id = ANY ($1::uuid[]) AND q.name = j.queue AND j.cancel_requested_at IS NULL`;

/** Notes that the cancel of jobs is wanted which a worker may have; until their grace is over. */
export async function requestCancels(
  tx: Transaction,
  jobIds: readonly string[],
  reason: string | null,
): Promise<void> {
  if (jobIds.length > 0) await run(tx, 'request-cancels', request, [jobIds, reason]);
}

// What an attempt has become without an end of its own is told from the row: it stays as it is. As in finish-jobs, what is
// told is not joined to what was inserted.
const end = `
WITH gone AS (
  DELETE FROM baton.job j USING unnest($1::uuid[], $2::text[]) AS m(job_id, m_error) WHERE j.id = m.job_id
  RETURNING j.*, m.m_error
), ended AS MATERIALIZED (
  SELECT gone.*, seq + 1 AS last_seq, (SELECT baton.now()) AS now, expiry.expires_at, expiry.drop_day
  FROM gone ${joinExpiry('gone', `'cancelled'`)}
), kept AS (
  INSERT INTO baton.job_history (${keptColumns}, state, failures, seq, started_seq, started_at, worker_id, execution_id,
    finished_at, expires_at, drop_day, error)
  SELECT ${keptColumns}, 'cancelled', failures, last_seq, started_seq, started_at, worker_id, execution_id,
    now, expires_at, drop_day, m_error
  FROM ended
)
SELECT id, attempt, execution_id, generation, last_seq AS seq, traceparent, tracestate, baggage,
  floor(extract(epoch FROM now) * 1000)::bigint AS finished_ms, ${endedColumns('ended')}
FROM ended`;

interface Row extends EndedColumns, StoredTrace {
  id: string;
  attempt: number;
  execution_id: string | null;
  generation: number;
  seq: number;
  finished_ms: number;
}

/**
 * Moves live jobs, which the transaction has locked, to history as `cancelled`.
 * @param ends each job with the error that says why
 */
export async function endCancelled(
  tx: Transaction,
  ends: readonly { jobId: string; error: JobFailure }[],
): Promise<{ outcome: TerminalOutcome; ended: EndedJob }[]> {
  if (ends.length === 0) return [];
  tx.locking('jobs');
  const errorOf = new Map(ends.map(({ jobId, error }) => [jobId, error]));
  const rows = await run<Row & { [column: string]: unknown }>(tx, 'end-cancelled', end, [
    ends.map(({ jobId }) => jobId),
    ends.map(({ error }) => errorJson(error)),
  ]);
  return rows.map((row) => ({
    ended: endedJob(row, 'cancelled'),
    outcome: {
      jobId: row.id,
      tenantId: row.ended_tenantId,
      queue: row.ended_queue,
      state: 'cancelled',
      cursor: `${row.generation}:${row.seq}`,
      attempt: row.attempt,
      executionId: row.execution_id,
      finishedAtMs: row.finished_ms,
      error: errorOf.get(row.id),
      traceparent: row.traceparent,
      tracestate: row.tracestate,
      baggage: row.baggage,
    },
  }));
}
