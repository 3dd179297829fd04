import type { DispatchMode, HoldReason } from '@baton/contracts';
import type { NewJob } from '../accept/new-job.js';
import type { Transaction } from '../transaction/transaction.js';
import { type GateLevel, gateOf, gateReason, nextGate } from './gate-key.js';
import { run } from './statement.js';
import { subscribed } from './subscribed.sql.js';

export interface JobToInsert {
  tenantId: string;
  job: NewJob;
  /** Its place in its lane, whose lock the transaction holds: taken if it is due and waits for no parents. */
  place: number | null;
  /** Parents, finished or not. */
  parents: number;
  /** Parents that are not finished. */
  pendingParents: number;
  /** Others of the same request wait for it. */
  hasDependants: boolean;
}

/** What PostgreSQL decided of a new job. Times are milliseconds since the epoch. */
export interface InsertedJob {
  id: string;
  tenantId: string;
  queue: string;
  state: 'scheduled' | 'held' | 'queued';
  reason: HoldReason | null;
  gate: GateLevel | null;
  concurrencyKey: string | null;
  mode: DispatchMode | null;
  maxAttempts: number;
  timeoutMs: number;
  createdAtMs: number;
  runAtMs: number | null;
  deadlineAtMs: number | null;
  /** Of the transaction: what became of it can be asked when the answer to COMMIT is lost. */
  xid: string;
}

// State and defaults are decided here, by the database's clock and the queue's row as it is now.
const text = `
WITH moment AS MATERIALIZED (SELECT baton.now() AS now),
given AS MATERIALIZED (
  SELECT i.*, q.dispatch_mode, m.now,
    coalesce(i.max_attempts, q.max_attempts) AS attempts_allowed, coalesce(i.timeout_ms, q.timeout_ms) AS attempt_ms,
    coalesce(i.concurrency_key, i.ordering_key) AS key, coalesce(i.expect_ms, q.expect_ms) AS within_ms,
    coalesce((i.more ->> 'pendingParents')::int, 0) AS pending, coalesce((i.more ->> 'follows')::bool, false) OR q.events AS follows,
    ${subscribed('i.tenant_id', 'i.queue')} AS subscribed,
    coalesce(to_timestamp(i.run_at_ms / 1000), m.now + i.delay_ms * interval '1 ms') AS due,
    g.gate, ${gateReason('q', 'g.gate')} AS gate_reason
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int2[], $5::text[], $6::int8[], $7::text[], $8::text[], $9::int4[],
      $10::text[], $11::int8[], $12::float8[], $13::float8[], $14::text[], $15::text[], $16::text[], $17::text[], $18::int8[],
      $19::jsonb[])
    AS i(id, tenant_id, queue, priority, ordering_key, place, payload, metadata, max_attempts,
      backoff, timeout_ms, run_at_ms, delay_ms, traceparent, tracestate, baggage, concurrency_key, expect_ms, more)
  JOIN baton.queue q ON q.name = i.queue
  CROSS JOIN moment m
  CROSS JOIN LATERAL (SELECT ${nextGate('q', 'coalesce(i.concurrency_key, i.ordering_key)', '0')} AS gate) g
), decided AS MATERIALIZED (
  SELECT g.*, s.state,
    CASE WHEN s.state <> 'held' THEN NULL WHEN g.pending > 0 THEN 'parents' WHEN g.place IS NOT NULL THEN 'lane' ELSE g.gate_reason END AS reason,
    CASE WHEN s.state = 'queued' AND g.dispatch_mode = 'event' THEN nextval('baton.outbox_id') END AS outbox_id
  FROM given g CROSS JOIN LATERAL (
    SELECT CASE WHEN g.due > g.now THEN 'scheduled' WHEN g.pending > 0 OR g.place IS NOT NULL OR g.gate IS NOT NULL THEN 'held' ELSE 'queued' END AS state
  ) s
), announced AS (
  INSERT INTO baton.outbox (shard, queue, priority, id, job_id, attempt, created_at)
  SELECT baton.shard_of(tenant_id, queue, ordering_key, id), queue, priority, outbox_id, id, 1, now
  FROM decided WHERE outbox_id IS NOT NULL
)
INSERT INTO baton.job (id, tenant_id, queue, state, reason, mode, priority, ordering_key, lane_place, payload, metadata,
  attempt, max_attempts, backoff, timeout_ms, seq, queued_seq, created_at, run_at, queued_at, outbox_id,
  traceparent, tracestate, baggage, concurrency_key, gate, expect_ms, deadline_at, pending_parents, follows,
  parents, has_dependants, flow_id, unique_hash, webhook, delivery, first_due_at, subscribed)
SELECT id, tenant_id, queue, state::baton.job_state, reason,
  CASE WHEN state = 'queued' THEN dispatch_mode END, priority, ordering_key, CASE WHEN reason = 'lane' THEN place END,
  payload, metadata::jsonb, (state = 'queued')::int, attempts_allowed, backoff::jsonb, attempt_ms,
  2, CASE WHEN state = 'queued' THEN 2 END, now, due, CASE WHEN state = 'queued' THEN now END, outbox_id,
  traceparent, tracestate, baggage, key, CASE WHEN reason IN ('paused', 'concurrency', 'rate') THEN gate END,
  within_ms, CASE WHEN state <> 'scheduled' THEN now + within_ms * interval '1 ms' END, pending, follows OR subscribed,
  coalesce((more ->> 'parents')::int, 0), coalesce((more ->> 'hasDependants')::bool, false),
  (more ->> 'flowId')::uuid, decode(more ->> 'uniqueHash', 'hex'), more ->> 'webhook', more ->> 'delivery',
  CASE WHEN state = 'scheduled' THEN due END, subscribed
FROM decided
RETURNING id, tenant_id AS "tenantId", queue, state, reason, gate, concurrency_key AS "concurrencyKey", mode,
  max_attempts AS "maxAttempts", timeout_ms AS "timeoutMs",
  floor(extract(epoch FROM created_at) * 1000)::bigint AS "createdAtMs",
  floor(extract(epoch FROM run_at) * 1000)::bigint AS "runAtMs",
  floor(extract(epoch FROM deadline_at) * 1000)::bigint AS "deadlineAtMs", pg_current_xact_id()::text AS xid`;

/**
 * Inserts new jobs: `scheduled` when not due; `held` when they wait for parents, have a place in a lane or stand before a
 * gate; else released under attempt 1, in event mode with their outbox rows. Their events 1 (accepted) and 2 (what they became) are given.
 * @returns a row a job, in no order; a job whose queue is unknown has none
 */
export async function insertJobs(tx: Transaction, jobs: readonly JobToInsert[]): Promise<InsertedJob[]> {
  tx.locking('jobs');
  const column = <T>(value: (entry: JobToInsert) => T): T[] => jobs.map(value);
  const rows = await run<InsertedJob>(tx, 'insert-jobs', text, [
    column(({ job }) => job.id),
    column(({ tenantId }) => tenantId),
    column(({ job }) => job.queue),
    column(({ job }) => job.priority),
    column(({ job }) => job.orderingKey ?? null),
    column(({ place }) => place),
    column(({ job }) => job.payload),
    column(({ job }) => (job.metadata ? JSON.stringify(job.metadata) : null)),
    column(({ job }) => job.maxAttempts ?? null),
    column(({ job }) => (job.backoff ? JSON.stringify(job.backoff) : null)),
    column(({ job }) => job.timeoutMs ?? null),
    column(({ job }) => job.runAtMs ?? null),
    column(({ job }) => job.delayMs ?? null),
    column(({ job }) => job.trace.traceparent),
    column(({ job }) => job.trace.tracestate ?? null),
    column(({ job }) => job.trace.baggage ?? null),
    column(({ job }) => job.concurrencyKey ?? null),
    column(({ job }) => job.expectMs ?? null),
    column(more),
  ]);
  for (const { gate, ...job } of rows) if (gate !== null) tx.touchGate(gateOf({ ...job, gate }));
  return rows;
}

/** What few jobs have, as one JSON; null for the others. */
function more({ job, parents, pendingParents, hasDependants }: JobToInsert): string | null {
  const { flowId, unique, webhook, delivery } = job;
  const given = { flowId, webhook, delivery, uniqueHash: unique?.hash.toString('hex') };
  if (parents === 0 && !hasDependants && Object.values(given).every((value) => value === undefined))
    return null;
  const follows = hasDependants || webhook !== undefined || delivery !== undefined || unique !== undefined;
  return JSON.stringify({ ...given, parents, pendingParents, hasDependants, follows });
}
