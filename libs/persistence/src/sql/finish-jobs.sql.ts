import { endedColumns, type EndedColumns, type EndedJob, endedJob } from '../settle/ended-job.js';
import { errorJson, type Settlement, type TerminalOutcome } from '../settle/settlement.js';
import { announceAt, joinExpiry } from './expiry.sql.js';
import { keptColumns } from './job-columns.js';
import { run, type Queryable } from './statement.js';

export interface Finish {
  settlement: Settlement;
  state: 'succeeded' | 'dead' | 'cancelled';
  countsAsFailure: boolean;
}

// The fence stands in the DELETE: the attempt is the current one, and its execution is this one or none yet.
const text = `
WITH m AS (
  SELECT * FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::uuid[], $5::text[], $6::float8[],
    $7::text[], $8::text[], $9::bytea[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bool[], $16::text[], $17::bigint[])
    AS m(job_id, m_attempt, m_execution, m_worker, final_state, started_ms,
      m_kind, m_result, m_file, m_type, m_name, m_sha256, m_error, failure, m_key, m_size)
), gone AS (
  DELETE FROM baton.job j USING m
  WHERE j.id = m.job_id AND j.attempt = m.m_attempt AND j.state IN ('queued', 'running')
    AND (j.execution_id IS NULL OR j.execution_id = m.m_execution) AND NOT (j.follows AND $15)
  RETURNING j.*, m.*
), kept AS (
  INSERT INTO baton.job_history (${keptColumns}, state, failures, seq, started_seq, started_at, worker_id, execution_id,
    finished_at, expires_at, drop_day, result_kind, result, file, file_type, file_name, file_sha256, error, file_key, file_size, result_until, tier_at)
  SELECT ${keptColumns}, final_state::baton.job_state, failures + failure::int,
    seq + CASE WHEN started_seq IS NULL THEN 2 ELSE 1 END, coalesce(started_seq, seq + 1),
    coalesce(started_at, to_timestamp(started_ms / 1000)), m_worker, m_execution,
    (SELECT baton.now()), expiry.expires_at, expiry.drop_day, m_kind, m_result, m_file, m_type, m_name, m_sha256, m_error, m_key, m_size, tier.until,
    CASE WHEN m_key IS NOT NULL THEN ${announceAt('tier.until', 'expiry.warm_ms')}
      WHEN m_file IS NOT NULL THEN tier.now + expiry.hot_ms * interval '1 ms' END
  FROM gone ${joinExpiry('gone', 'gone.final_state', 'gone.m_key IS NOT NULL')}
  CROSS JOIN LATERAL (
    SELECT now, CASE WHEN m_key IS NOT NULL THEN now + expiry.warm_ms * interval '1 ms' END AS until
    FROM (SELECT (SELECT baton.now()) AS now) clock
  ) tier
  RETURNING id, execution_id, generation, seq, traceparent, tracestate, baggage,
    floor(extract(epoch FROM finished_at) * 1000)::bigint AS finished_ms,
    floor(extract(epoch FROM queued_at) * 1000)::bigint AS queued_ms,
    floor(extract(epoch FROM coalesce(result_until, expires_at)) * 1000)::bigint AS until_ms, queue
)
SELECT kept.*, q.results_hot_ms AS hot_ms, ${endedColumns('gone')}
FROM kept JOIN gone ON gone.id = kept.id LEFT JOIN baton.queue q ON q.name = kept.queue`;

/** A job that was moved to history. */
export interface Finished {
  outcome: TerminalOutcome;
  ended: EndedJob;
}

interface Row extends EndedColumns {
  execution_id: string;
  generation: number;
  seq: number;
  traceparent: string | null;
  tracestate: string | null;
  baggage: string | null;
  finished_ms: number;
  queued_ms: number | null;
  until_ms: number;
  hot_ms: number | null;
}

/**
 * Moves jobs whose execution has ended for good to history, with their results, and stores nothing of a stale or
 * second outcome.
 * @param finishes at most one for each attempt of a job
 * @param options.plain true: only jobs from whose end nothing follows; the others stay as they are
 * @returns the jobs ended, by their execution; what is missing was stale
 */
export async function finishJobs(
  db: Queryable,
  finishes: readonly Finish[],
  { plain = false }: { plain?: boolean } = {},
): Promise<Map<string, Finished>> {
  if (finishes.length === 0) return new Map();
  const said = finishes.map((finish) => finish.settlement);
  const file = (s: Settlement) => (s.result?.kind === 'file' ? s.result : undefined);
  const rows = await run<Row>(db, 'finish-jobs', text, [
    said.map((s) => s.jobId),
    said.map((s) => s.attempt),
    said.map((s) => s.executionId),
    said.map((s) => s.workerId),
    finishes.map((f) => f.state),
    said.map((s) => s.startedAtMs),
    said.map((s) => s.result?.kind ?? null),
    said.map((s) => (s.result?.kind === 'json' ? s.result.json : null)),
    said.map((s) => file(s)?.bytes ?? null),
    said.map((s) => file(s)?.mediaType ?? null),
    said.map((s) => file(s)?.name ?? null),
    said.map((s) => file(s)?.sha256 ?? null),
    said.map((s) => (s.error ? errorJson(s.error) : null)),
    finishes.map((f) => f.countsAsFailure),
    plain,
    said.map((s) => file(s)?.key ?? null),
    said.map((s) => file(s)?.size ?? null),
  ]);
  const byExecution = new Map(finishes.map((finish) => [finish.settlement.executionId, finish]));
  return new Map(
    rows.map((row) => {
      const finish = byExecution.get(row.execution_id)!;
      return [row.execution_id, { outcome: outcomeOf(row, finish), ended: endedJob(row, finish.state) }];
    }),
  );
}

function outcomeOf(row: Row, { settlement, state }: Finish): TerminalOutcome {
  const { jobId, tenantId, queue, attempt, executionId, result, error } = settlement;
  return {
    jobId,
    tenantId,
    queue,
    state,
    attempt,
    executionId,
    result,
    error,
    cursor: `${row.generation}:${row.seq}`,
    finishedAtMs: row.finished_ms,
    queuedAtMs: row.queued_ms ?? undefined,
    untilMs: row.until_ms,
    hotMs: row.hot_ms ?? undefined,
    traceparent: row.traceparent,
    tracestate: row.tracestate,
    baggage: row.baggage,
  };
}
