import type { InsertedJob, JobToInsert } from '../sql/insert-jobs.sql.js';
import type { ReadJob } from '../sql/read-jobs.sql.js';

/** A new job as it would be read, put together from what was asked for and what PostgreSQL decided. */
export function jobRowOf(
  { tenantId, job, parents, pendingParents, hasDependants }: JobToInsert,
  decided: InsertedJob,
): ReadJob {
  const { state, reason, mode, concurrencyKey, maxAttempts, timeoutMs, createdAtMs, runAtMs, deadlineAtMs } =
    decided;
  const queued = state === 'queued';
  return {
    id: job.id,
    tenantId,
    queue: job.queue,
    state,
    reason,
    mode,
    priority: job.priority,
    orderingKey: job.orderingKey ?? null,
    concurrencyKey,
    payload: job.payload,
    metadata: job.metadata ? { ...job.metadata } : null,
    attempt: queued ? 1 : 0,
    failures: 0,
    maxAttempts,
    backoff: job.backoff ?? null,
    timeoutMs,
    generation: 0,
    seq: 2,
    createdAtMs,
    runAtMs,
    queuedAtMs: queued ? createdAtMs : null,
    startedAtMs: null,
    finishedAtMs: null,
    workerId: null,
    executionId: null,
    flowId: job.flowId ?? null,
    parents,
    pendingParents,
    hasDependants,
    deadlineAtMs,
    overdueAtMs: null,
    cancelRequestedAtMs: null,
    progress: null,
    progressData: null,
    traceparent: job.trace.traceparent,
    error: null,
  };
}
