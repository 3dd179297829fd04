import type { Transaction } from '../transaction/transaction.js';
import { run } from './statement.js';
import { subscribed } from './subscribed.sql.js';

/** A job that waits for admission. */
export interface AdmissibleJob {
  id: string;
  tenantId: string;
  queue: string;
  /** Of its caller. */
  traceparent: string | null;
  tracestate: string | null;
  baggage: string | null;
  createdAtMs: number;
  /** How far ahead it lies; 0 or less: it is due. */
  delayMs: number;
}

const lock = `
SELECT id, tenant_id AS "tenantId", queue, traceparent, tracestate, baggage,
  floor(extract(epoch FROM created_at) * 1000)::bigint AS "createdAtMs",
  coalesce(extract(epoch FROM run_at - (SELECT baton.now())) * 1000, 0)::float8 AS "delayMs"
FROM baton.job WHERE state = 'held' AND reason = 'admission'
ORDER BY id LIMIT $1
FOR UPDATE SKIP LOCKED`;

/** Locks jobs that wait for admission, the oldest first. What others have locked is admitted, or cancelled, by them. */
export async function lockAdmissible(tx: Transaction, limit: number): Promise<AdmissibleJob[]> {
  tx.locking('jobs');
  return run<AdmissibleJob & { [column: string]: unknown }>(tx, 'lock-admissible', lock, [limit]);
}

/** With the context that travels with it from here on. */
export interface AdmittedJob {
  id: string;
  traceparent: string;
  tracestate: string | null;
  baggage: string | null;
}

// What the log would else tell of the number is a hold: see tell-events.
const admit = `
WITH admitted AS (
UPDATE baton.job j SET state = 'scheduled', reason = NULL, run_at = coalesce(j.run_at, (SELECT baton.now())), seq = j.seq + 1,
  traceparent = a.traceparent, tracestate = a.tracestate, baggage = a.baggage,
  subscribed = ${subscribed('j.tenant_id', 'j.queue')}, follows = j.follows OR ${subscribed('j.tenant_id', 'j.queue')}
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS a(id, traceparent, tracestate, baggage)
WHERE j.id = a.id AND j.state = 'held' AND j.reason = 'admission'
RETURNING j.id, j.tenant_id, j.generation, j.seq, j.run_at
)
INSERT INTO baton.job_event (job_id, tenant_id, generation, seq, type, at, data)
SELECT id, tenant_id, generation, seq, 'job.scheduled', (SELECT baton.now()),
  json_build_object('runAt', to_char(run_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::text
FROM admitted`;

/** Makes locked jobs `scheduled`: those without a time of their own are due, and go the way of all that are. */
export async function admitJobs(tx: Transaction, jobs: readonly AdmittedJob[]): Promise<void> {
  if (jobs.length === 0) return;
  tx.locking('jobs');
  await run(tx, 'admit-jobs', admit, [
    jobs.map((job) => job.id),
    jobs.map((job) => job.traceparent),
    jobs.map((job) => job.tracestate),
    jobs.map((job) => job.baggage),
  ]);
}
