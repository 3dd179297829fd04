import type { Backoff, DispatchMode, HoldReason, JobState } from '@baton/contracts';

/** A job with what is told of its end. Times are milliseconds since the epoch. */
export interface JobRow {
  id: string;
  tenantId: string;
  queue: string;
  state: JobState;
  reason: HoldReason | null;
  /** In which the current attempt was released. */
  mode: DispatchMode | null;
  priority: number;
  orderingKey: string | null;
  metadata: Record<string, string> | null;
  attempt: number;
  failures: number;
  maxAttempts: number;
  backoff: Backoff | null;
  timeoutMs: number;
  generation: number;
  seq: number;
  createdAtMs: number;
  runAtMs: number | null;
  queuedAtMs: number | null;
  startedAtMs: number | null;
  finishedAtMs: number | null;
  workerId: string | null;
  executionId: string | null;
  traceparent: string | null;
  /** JSON `{code, message, stack?}` of a dead or cancelled job. */
  error: string | null;
}

const ms = (column: string, name: string): string =>
  `floor(extract(epoch FROM ${column}) * 1000)::bigint AS "${name}"`;

const common = `id, tenant_id AS "tenantId", queue, state, reason, mode, priority, ordering_key AS "orderingKey", metadata,
  attempt, failures, max_attempts AS "maxAttempts", backoff, timeout_ms AS "timeoutMs", generation, seq,
  ${ms('created_at', 'createdAtMs')}, ${ms('run_at', 'runAtMs')}, ${ms('queued_at', 'queuedAtMs')},
  ${ms('started_at', 'startedAtMs')}, worker_id AS "workerId", execution_id AS "executionId", traceparent`;

/** The select lists that make a {@link JobRow} of a live job, and of one in history. */
export const liveColumns = `${common}, NULL::bigint AS "finishedAtMs", NULL::text AS error`;
export const historyColumns = `${common}, ${ms('finished_at', 'finishedAtMs')}, error`;
