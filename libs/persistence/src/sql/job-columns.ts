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
  concurrencyKey: string | null;
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
  flowId: string | null;
  /** That it was accepted with, finished or not. */
  parents: number;
  pendingParents: number;
  hasDependants: boolean;
  deadlineAtMs: number | null;
  overdueAtMs: number | null;
  cancelRequestedAtMs: number | null;
  /** 0 to 1. */
  progress: number | null;
  /** JSON. */
  progressData: string | null;
  traceparent: string | null;
  /** JSON `{code, message, stack?}` of a dead or cancelled job. */
  error: string | null;
}

const ms = (column: string, name: string): string =>
  `floor(extract(epoch FROM ${column}) * 1000)::bigint AS "${name}"`;

const common = `id, tenant_id AS "tenantId", queue, state, reason, mode, priority, ordering_key AS "orderingKey",
  concurrency_key AS "concurrencyKey", metadata,
  attempt, failures, max_attempts AS "maxAttempts", backoff, timeout_ms AS "timeoutMs", generation, seq,
  ${ms('created_at', 'createdAtMs')}, ${ms('run_at', 'runAtMs')}, ${ms('queued_at', 'queuedAtMs')},
  ${ms('started_at', 'startedAtMs')}, worker_id AS "workerId", execution_id AS "executionId",
  flow_id AS "flowId", parents, pending_parents AS "pendingParents",
  has_dependants AS "hasDependants", ${ms('deadline_at', 'deadlineAtMs')}, ${ms('overdue_at', 'overdueAtMs')},
  ${ms('cancel_requested_at', 'cancelRequestedAtMs')}, progress, progress_data AS "progressData", traceparent`;

/** The select lists that make a {@link JobRow} of a live job, and of one in history. */
export const liveColumns = `${common}, NULL::bigint AS "finishedAtMs", NULL::text AS error`;
export const historyColumns = `${common}, ${ms('finished_at', 'finishedAtMs')}, error`;

/** The columns of a live job that history keeps as they are; the others change at its end. */
export const keptColumns = `id, tenant_id, queue, mode, priority, ordering_key, lane_place, payload, metadata, attempt,
  max_attempts, backoff, timeout_ms, generation, queued_seq, created_at, run_at, queued_at, outbox_id,
  traceparent, tracestate, baggage, concurrency_key, follows, parents, pending_parents, has_dependants, flow_id, unique_hash,
  expect_ms, deadline_at, overdue_at, cancel_requested_at, cancel_by, cancel_reason, crashes, careful, alone,
  died_with, death, progress, progress_data, checkpoint, webhook, delivery, first_due_at, subscribed`;
