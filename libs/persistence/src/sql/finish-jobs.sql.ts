import { endedColumns, type EndedColumns, type EndedJob, endedJob } from '../settle/ended-job.js';
import { errorJson, type Settlement, type TerminalOutcome } from '../settle/settlement.js';
import { announceAt, joinExpiry } from './expiry.sql.js';
import { inOrderOfJobs } from './in-order-of-jobs.js';
import { keptColumns } from './job-columns.js';
import { run, type Queryable } from './statement.js';

export interface Finish {
  settlement: Settlement;
  state: 'succeeded' | 'dead' | 'cancelled';
  countsAsFailure: boolean;
}

// The fence stands in the DELETE: the attempt is the current one, and its execution is this one or none yet.
// What is told is selected from `ended` and not joined to what was inserted: hot statements join by nested loops, and without
// an index that costs a batch its size squared.
const text = ({ plain }: { plain: boolean }): string => `
WITH m AS (
  SELECT * FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::uuid[], $5::text[], $6::float8[],
    $7::text[], $8::text[], $9::bytea[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bool[], $15::text[], $16::bigint[])
    AS m(job_id, m_attempt, m_execution, m_worker, final_state, started_ms,
      m_kind, m_result, m_file, m_type, m_name, m_sha256, m_error, failure, m_key, m_size)
), gone AS (
  DELETE FROM baton.job j USING m
  WHERE j.id = m.job_id AND j.attempt = m.m_attempt AND j.state IN ('queued', 'running')
    AND (j.execution_id IS NULL OR j.execution_id = m.m_execution) ${plain ? 'AND NOT j.follows' : ''}
  RETURNING j.*, m.*
), ended AS MATERIALIZED (
  SELECT gone.*, seq + CASE WHEN started_seq IS NULL THEN 2 ELSE 1 END AS last_seq, (SELECT baton.now()) AS now, expiry.*,
    CASE WHEN m_key IS NOT NULL THEN (SELECT baton.now()) + expiry.warm_ms * interval '1 ms' END AS until
  FROM gone ${joinExpiry('gone', 'gone.final_state', 'gone.m_key IS NOT NULL')}
), kept AS (
  INSERT INTO baton.job_history (${keptColumns}, state, failures, seq, started_seq, started_at, worker_id, execution_id,
    finished_at, expires_at, drop_day, result_kind, result, file, file_type, file_name, file_sha256, error, file_key, file_size, result_until, tier_at)
  SELECT ${keptColumns}, final_state::baton.job_state, failures + failure::int,
    last_seq, coalesce(started_seq, seq + 1),
    coalesce(started_at, to_timestamp(started_ms / 1000)), m_worker, m_execution,
    now, expires_at, drop_day, m_kind, m_result, m_file, m_type, m_name, m_sha256, m_error, m_key, m_size, until,
    CASE WHEN m_key IS NOT NULL THEN ${announceAt('until', 'warm_ms')}
      WHEN m_file IS NOT NULL THEN now + hot_ms * interval '1 ms' END
  FROM ended
)
SELECT m_execution AS execution_id, generation, last_seq AS seq, traceparent, tracestate, baggage, hot_ms,
  floor(extract(epoch FROM now) * 1000)::bigint AS finished_ms,
  floor(extract(epoch FROM queued_at) * 1000)::bigint AS queued_ms,
  floor(extract(epoch FROM coalesce(until, expires_at)) * 1000)::bigint AS until_ms${plain ? '' : `, ${endedColumns('ended')}`}
FROM ended`;

const anyText = text({ plain: false });
const plainText = text({ plain: true });

/** A job that was moved to history. */
export interface Finished {
  outcome: TerminalOutcome;
  ended: EndedJob;
}

interface Row {
  execution_id: string;
  generation: number;
  seq: number;
  traceparent: string | null;
  tracestate: string | null;
  baggage: string | null;
  finished_ms: number;
  queued_ms: number | null;
  until_ms: number;
  hot_ms: number;
}

/**
 * Moves jobs whose execution has ended for good to history, with their results, and stores nothing of a stale or
 * second outcome.
 * @param finishes at most one for each attempt of a job
 * @returns the jobs ended, by their execution; what is missing was stale
 */
export async function finishJobs(db: Queryable, finishes: readonly Finish[]): Promise<Map<string, Finished>> {
  const rows = await finish<Row & EndedColumns>(db, 'finish-jobs', anyText, finishes);
  return byExecution(rows, finishes, (row, finish) => ({
    outcome: outcomeOf(row, finish),
    ended: endedJob(row, finish.state),
  }));
}

/**
 * The same for jobs from whose end nothing follows; the others stay as they are.
 * @returns the outcomes that were applied, by their execution
 */
export async function finishPlainJobs(
  db: Queryable,
  finishes: readonly Finish[],
): Promise<Map<string, TerminalOutcome>> {
  const rows = await finish<Row>(db, 'finish-plain-jobs', plainText, finishes);
  return byExecution(rows, finishes, outcomeOf);
}

async function finish<R extends Row>(
  db: Queryable,
  name: string,
  sql: string,
  given: readonly Finish[],
): Promise<R[]> {
  if (given.length === 0) return [];
  const finishes = inOrderOfJobs(given, ({ settlement }) => settlement.jobId);
  const said = finishes.map(({ settlement }) => settlement);
  const file = (s: Settlement) => (s.result?.kind === 'file' ? s.result : undefined);
  return run<R & { [column: string]: unknown }>(db, name, sql, [
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
    said.map((s) => file(s)?.key ?? null),
    said.map((s) => file(s)?.size ?? null),
  ]);
}

function byExecution<R extends Row, T>(
  rows: readonly R[],
  finishes: readonly Finish[],
  told: (row: R, finish: Finish) => T,
): Map<string, T> {
  const asked = new Map(finishes.map((each) => [each.settlement.executionId, each]));
  return new Map(rows.map((row) => [row.execution_id, told(row, asked.get(row.execution_id)!)]));
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
    hotMs: row.hot_ms,
    traceparent: row.traceparent,
    tracestate: row.tracestate,
    baggage: row.baggage,
  };
}
