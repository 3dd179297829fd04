/** A job that a polling worker has just taken, by a claim or because it was handed on to it. */
export interface ClaimedJob {
  jobId: string;
  tenantId: string;
  queue: string;
  attempt: number;
  failures: number;
  maxAttempts: number;
  executionId: string;
  orderingKey: string | null;
  /** JSON. */
  payload: string;
  timeoutMs: number;
  /** When the client expects it to be done. */
  deadlineAtMs: number | null;
  /** More follows from its end than its result. */
  follows: boolean;
  /** It runs alone: its last worker died while it ran. */
  careful: boolean;
  /** JSON that an earlier attempt kept for this one. */
  checkpoint: string | null;
  /** How many jobs it depends on. */
  parents: number;
  createdAtMs: number;
  queuedAtMs: number;
  claimedAtMs: number;
  traceparent: string | null;
  tracestate: string | null;
  baggage: string | null;
}

const columns = (
  payload: string,
  checkpoint: string,
): string => `c.id AS "jobId", c.tenant_id AS "tenantId", c.queue,
  c.attempt, c.failures, c.max_attempts AS "maxAttempts", c.execution_id AS "executionId", c.ordering_key AS "orderingKey",
  ${payload} AS payload, c.timeout_ms AS "timeoutMs", c.follows, c.careful, ${checkpoint} AS checkpoint, c.parents, c.traceparent,
  floor(extract(epoch FROM c.deadline_at) * 1000)::bigint AS "deadlineAtMs",
  c.tracestate, c.baggage, floor(extract(epoch FROM c.created_at) * 1000)::bigint AS "createdAtMs",
  floor(extract(epoch FROM c.queued_at) * 1000)::bigint AS "queuedAtMs",
  floor(extract(epoch FROM c.started_at) * 1000)::bigint AS "claimedAtMs"`;

/** SQL: the select list of a job `c` that a statement has made `running`. */
export const claimedColumns = columns('c.payload', 'c.checkpoint');

const whenRunning = (column: string): string => `CASE WHEN c.state = 'running' THEN ${column} END`;
/** SQL: the same of a job that may be `running` now: what is large of it is sent only then. */
export const claimedIfRunning = columns(whenRunning('c.payload'), whenRunning('c.checkpoint'));
