import type { JobState, TerminalState } from '@baton/contracts';
import type { JobFailure, JobResult, TerminalOutcome } from '../settle/settlement.js';
import { run, type Queryable } from './statement.js';

/** Where a job stands: on its way, or at its end. */
export type Standing =
  | {
      terminal: false;
      jobId: string;
      tenantId: string;
      queue: string;
      runAtMs: number | null;
      queuedAtMs: number | null;
      state: Exclude<JobState, TerminalState>;
      cursor: string;
    }
  | { terminal: true; outcome: TerminalOutcome };

const text = `
SELECT id, tenant_id, queue, state, generation, seq, attempt, execution_id, traceparent, tracestate, baggage,
  floor(extract(epoch FROM run_at) * 1000)::bigint AS run_ms, floor(extract(epoch FROM queued_at) * 1000)::bigint AS queued_ms,
  NULL::bigint AS finished_ms, NULL::text AS result_kind, NULL::text AS result, NULL::bigint AS file_size, NULL::text AS file_key, NULL::bigint AS until_ms, NULL::boolean AS expired,
  NULL::text AS file_type, NULL::text AS file_name, NULL::text AS file_sha256, NULL::text AS error
FROM baton.job WHERE id = ANY ($1::uuid[])
UNION ALL
SELECT id, tenant_id, queue, state, generation, seq - told_after, attempt, execution_id, traceparent, tracestate, baggage,
  NULL, floor(extract(epoch FROM queued_at) * 1000)::bigint, floor(extract(epoch FROM finished_at) * 1000)::bigint, result_kind, result,
  coalesce(file_size, octet_length(file)), file_key, floor(extract(epoch FROM coalesce(result_until, expires_at)) * 1000)::bigint,
  coalesce(result_until, expires_at) <= (SELECT baton.now()), file_type, file_name, file_sha256, error
FROM baton.job_history WHERE id = ANY ($1::uuid[])`;

interface Row {
  id: string;
  tenant_id: string;
  queue: string;
  state: JobState;
  generation: number;
  seq: number;
  attempt: number;
  execution_id: string;
  traceparent: string | null;
  tracestate: string | null;
  baggage: string | null;
  run_ms: number | null;
  queued_ms: number | null;
  finished_ms: number | null;
  result_kind: JobResult['kind'] | null;
  result: string | null;
  file_size: number | null;
  file_key: string | null;
  until_ms: number | null;
  expired: boolean | null;
  file_type: string | null;
  file_name: string | null;
  file_sha256: string | null;
  error: string | null;
}

/** Reads where jobs stand, with the results of the terminal ones, files without their bytes; an unknown id is missing from the answer. */
export async function readResults(db: Queryable, jobIds: readonly string[]): Promise<Map<string, Standing>> {
  if (jobIds.length === 0) return new Map();
  const rows = await run<Row>(db, 'read-results', text, [jobIds]);
  return new Map(rows.map((row) => [row.id, standingOf(row)]));
}

function standingOf(row: Row): Standing {
  const { id: jobId, tenant_id: tenantId, queue, state, attempt, traceparent, tracestate, baggage } = row;
  const cursor = `${row.generation}:${row.seq}`;
  if (state !== 'succeeded' && state !== 'dead' && state !== 'cancelled') {
    return {
      terminal: false,
      jobId,
      tenantId,
      queue,
      runAtMs: row.run_ms,
      queuedAtMs: row.queued_ms,
      state,
      cursor,
    };
  }
  return {
    terminal: true,
    outcome: {
      jobId,
      tenantId,
      queue,
      state,
      cursor,
      attempt,
      traceparent,
      tracestate,
      baggage,
      executionId: row.execution_id,
      finishedAtMs: row.finished_ms!,
      queuedAtMs: row.queued_ms ?? undefined,
      result: resultOf(row),
      untilMs: row.until_ms ?? undefined,
      expired: row.expired ?? undefined,
      error:
        row.error === null
          ? undefined
          : ({ retryable: false, ...(JSON.parse(row.error) as object) } as JobFailure),
    },
  };
}

function resultOf(row: Row): JobResult | undefined {
  if (row.result_kind === 'json') return { kind: 'json', json: row.result! };
  if (row.result_kind !== 'file') return undefined;
  return {
    kind: 'file',
    size: row.file_size!,
    key: row.file_key ?? undefined,
    mediaType: row.file_type!,
    name: row.file_name!,
    sha256: row.file_sha256!,
  };
}
