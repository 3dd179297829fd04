import { type EventCursor, limits } from '@baton/contracts';
import type { AttemptSource, EventLog, EventSource, NoteSource } from '../events/event-log.js';
import { run, type Queryable } from './statement.js';

/** A job and the place after which its log is asked for; none: from the beginning of its present generation. */
export interface AskedEvents {
  jobId: string;
  after?: EventCursor | undefined;
}

const ms = (column: string, name: string): string =>
  `floor(extract(epoch FROM ${column}) * 1000)::bigint AS "${name}"`;

const common = `j.id, j.tenant_id AS "tenantId", j.queue, j.state, j.reason, j.generation, j.seq, j.attempt, j.failures,
  ${ms('j.created_at', 'createdAtMs')}, ${ms('j.first_due_at', 'firstDueAtMs')}, ${ms('j.run_at', 'runAtMs')},
  j.queued_seq AS "queuedSeq", ${ms('j.queued_at', 'queuedAtMs')},
  j.started_seq AS "startedSeq", ${ms('j.started_at', 'startedAtMs')}, j.worker_id AS "workerId", j.execution_id AS "executionId",
  j.progress, j.progress_data AS "progressData", ${ms('j.overdue_at', 'overdueAtMs')},
  ${ms('j.cancel_requested_at', 'cancelRequestedAtMs')}, j.traceparent, j.tracestate, j.baggage`;

const live = `${common}, NULL::bigint AS "finishedAtMs", NULL::text AS error, NULL::text AS result`;
const past = `${common}, ${ms('j.finished_at', 'finishedAtMs')}, j.error,
  CASE WHEN j.result_kind = 'json' AND octet_length(j.result) <= ${limits.eventResultBytes} THEN j.result END AS result`;

// A job that is live is not looked for in history, which has a partition a day. Where nothing is new, nothing more is read.
const text = `
WITH asked AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[]) WITH ORDINALITY AS a(id, generation, after, n)
), live AS MATERIALIZED (
  SELECT a.n, a.generation AS asked_generation, a.after, ${live} FROM asked a JOIN baton.job j ON j.id = a.id
), found AS MATERIALIZED (
  SELECT * FROM live
  UNION ALL
  SELECT a.n, a.generation, a.after, ${past}
  FROM (SELECT * FROM asked WHERE id NOT IN (SELECT id FROM live)) a JOIN baton.job_history j ON j.id = a.id
), part AS MATERIALIZED (
  SELECT f.*, CASE WHEN f.asked_generation = f.generation THEN f.after ELSE 0 END AS since FROM found f
)
SELECT p.*, attempts.list AS attempts, notes.list AS notes, oldest.first AS oldest
FROM part p
LEFT JOIN LATERAL (
  SELECT json_agg(json_build_object('attempt', t.attempt, 'executionId', t.execution_id, 'workerId', t.worker_id, 'outcome', t.outcome,
    'error', t.error, 'queuedSeq', t.queued_seq, 'startedSeq', t.started_seq, 'endedSeq', t.ended_seq,
    'queuedAtMs', floor(extract(epoch FROM t.queued_at) * 1000)::bigint, 'startedAtMs', floor(extract(epoch FROM t.started_at) * 1000)::bigint,
    'finishedAtMs', floor(extract(epoch FROM t.finished_at) * 1000)::bigint, 'retryAtMs', floor(extract(epoch FROM t.retry_at) * 1000)::bigint
  ) ORDER BY t.ended_seq) AS list
  FROM baton.job_attempt t
  WHERE t.job_id = p.id AND t.generation = p.generation
    AND t.ended_seq >= coalesce((SELECT max(b.ended_seq) FROM baton.job_attempt b
      WHERE b.job_id = p.id AND b.generation = p.generation AND b.ended_seq <= p.since), 0)
    AND coalesce(t.queued_seq, t.started_seq, t.ended_seq) <= p.since + $4
) attempts ON p.seq > p.since
LEFT JOIN LATERAL (
  SELECT json_agg(json_build_object('seq', e.seq, 'type', e.type, 'data', e.data,
    'atMs', floor(extract(epoch FROM e.at) * 1000)::bigint) ORDER BY e.seq) AS list
  FROM baton.job_event e
  WHERE e.job_id = p.id AND e.generation = p.generation AND (
    e.seq BETWEEN coalesce((SELECT max(b.seq) FROM baton.job_event b
      WHERE b.job_id = p.id AND b.generation = p.generation AND b.seq <= p.since), 0) AND p.since + $4
    OR (e.seq > p.since + $4 AND e.type = 'result.expiring'))
) notes ON true
LEFT JOIN LATERAL (
  SELECT json_build_object('attempt', t.attempt, 'firstSeq', coalesce(t.queued_seq, t.started_seq, t.ended_seq)) AS first
  FROM baton.job_attempt t WHERE t.job_id = p.id AND t.generation = p.generation ORDER BY t.attempt LIMIT 1
) oldest ON p.attempt > 1 AND p.generation = 0`;

type Row = EventSource & {
  n: number;
  attempts: AttemptSource[] | null;
  notes: NoteSource[] | null;
  oldest: EventLog['oldest'];
};

/**
 * The parts of jobs' logs after the places asked for, each as it was at one moment: enough to tell `most` events.
 * @returns one for each question, in its order; undefined for an unknown job
 */
export async function readEvents(
  db: Queryable,
  asked: readonly AskedEvents[],
  most: number,
): Promise<(EventLog | undefined)[]> {
  if (asked.length === 0) return [];
  const rows = await run<Row & { [column: string]: unknown }>(db, 'read-events', text, [
    asked.map(({ jobId }) => jobId),
    asked.map(({ after }) => after?.generation ?? null),
    asked.map(({ after }) => after?.seq ?? null),
    most,
  ]);
  const logs: (EventLog | undefined)[] = asked.map(() => undefined);
  for (const { n, attempts, notes, oldest, ...row } of rows)
    logs[n - 1] = { row, attempts: attempts ?? [], notes: notes ?? [], oldest };
  return logs;
}

const heads = `
SELECT id AS "jobId", generation, seq FROM baton.job WHERE id = ANY ($1::uuid[])`;

/** How far the logs of live jobs go; what is missing is terminal or unknown. One look-up by key a job. */
export async function readEventHeads(
  db: Queryable,
  jobIds: readonly string[],
): Promise<Map<string, EventCursor>> {
  if (jobIds.length === 0) return new Map();
  type Head = EventCursor & { jobId: string; [column: string]: unknown };
  const rows = await run<Head>(db, 'read-event-heads', heads, [jobIds]);
  return new Map(rows.map(({ jobId, generation, seq }) => [jobId, { generation, seq }]));
}
