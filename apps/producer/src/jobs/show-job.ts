import { isTerminal, priorityNames } from '@baton/contracts';
import type { AttemptRow, JobRow, ReadJob } from '@baton/persistence';
import { traceIdOf } from '@baton/tracing';
import type { showHold } from './show-hold.js';
import type { Attempt, ListedJob } from './job-output.schema.js';

/** The place in a job's event log, which is also its ETag. */
export function cursorOf({ generation, seq }: Pick<JobRow, 'generation' | 'seq'>): string {
  return `${generation}:${seq}`;
}

/** A job as the API tells it, without its payload and attempts. */
export function showListedJob(row: JobRow): ListedJob {
  return {
    id: row.id,
    queue: row.queue,
    state: row.state,
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.orderingKey !== null && { orderingKey: row.orderingKey }),
    ...(row.concurrencyKey !== null &&
      row.concurrencyKey !== row.orderingKey && { concurrencyKey: row.concurrencyKey }),
    priority: priorityNames[row.priority] ?? 'normal',
    ...(row.metadata !== null && { metadata: row.metadata }),
    attempt: row.attempt,
    failures: row.failures,
    maxAttempts: row.maxAttempts,
    generation: row.generation,
    createdAt: iso(row.createdAtMs),
    ...(row.runAtMs !== null && { runAt: iso(row.runAtMs) }),
    ...(row.queuedAtMs !== null && { queuedAt: iso(row.queuedAtMs) }),
    ...(row.startedAtMs !== null && { startedAt: iso(row.startedAtMs) }),
    ...(row.finishedAtMs !== null && { finishedAt: iso(row.finishedAtMs) }),
    ...(row.progress !== null && { progress: progressOf(row.progress, row.progressData) }),
    ...(row.deadlineAtMs !== null && { expectedBy: iso(row.deadlineAtMs) }),
    ...(row.overdueAtMs !== null && { overdue: true as const }),
    ...(row.cancelRequestedAtMs !== null && { cancelRequested: true as const }),
    ...(row.error !== null && { error: JSON.parse(row.error) as NonNullable<ListedJob['error']> }),
    ...(row.flowId !== null && { flowId: row.flowId }),
    ...(row.parents > 0 && { parents: row.parents, pendingParents: row.pendingParents }),
    ...(row.mode !== null && { dispatchMode: row.mode }),
    ...(row.traceparent !== null && { traceId: traceIdOf({ traceparent: row.traceparent }) }),
    cursor: cursorOf(row),
    links: { self: `/v1/jobs/${row.id}`, result: `/v1/results/${row.id}` },
  };
}

/**
 * The whole job, as JSON text: its payload is put in as it was sent, neither read nor written again.
 * @param more fields beside the job's own
 */
export function showJob(
  row: ReadJob,
  attempts: readonly AttemptRow[],
  more: {
    token?: string;
    existing?: boolean;
    dependants?: number;
    hold?: ReturnType<typeof showHold>;
  } = {},
): string {
  const job = { ...showListedJob(row), attempts: showAttempts(row, attempts), ...more };
  if (more.hold) job.reason = more.hold.reason; // as it is now: limits may have changed since it came to stand there
  return `${JSON.stringify(job).slice(0, -1)},"payload":${row.payload}}`;
}

/** Earlier attempts are on record; the last one is told from the job itself, unless it has ended without it. */
function showAttempts(row: JobRow, earlier: readonly AttemptRow[]): Attempt[] {
  const ended = earlier.map((attempt) => showAttempt(attempt));
  const last = earlier.at(-1)?.attempt === row.attempt ? undefined : lastAttempt(row);
  return last ? [...ended, last] : ended;
}

function lastAttempt(row: JobRow): Attempt | undefined {
  if (row.executionId === null && !isTerminal(row.state)) return undefined;
  if (row.attempt === 0) return undefined;
  const { attempt, executionId, workerId, startedAtMs, finishedAtMs, error } = row;
  const outcome = isTerminal(row.state) ? (row.state === 'dead' ? 'failed' : row.state) : 'running';
  return showAttempt({ attempt, executionId, workerId, startedAtMs, finishedAtMs, outcome, error });
}

type AnyAttempt = Omit<AttemptRow, 'finishedAtMs' | 'outcome'> & {
  finishedAtMs: number | null;
  outcome: Attempt['outcome'];
};

function showAttempt({
  attempt,
  executionId,
  workerId,
  startedAtMs,
  finishedAtMs,
  outcome,
  error,
}: AnyAttempt): Attempt {
  return {
    attempt,
    ...(executionId !== null && { executionId }),
    ...(workerId !== null && { worker: workerId }),
    ...(startedAtMs !== null && { startedAt: iso(startedAtMs) }),
    ...(finishedAtMs !== null && { finishedAt: iso(finishedAtMs) }),
    outcome,
    ...(error !== null && { error: JSON.parse(error) as NonNullable<Attempt['error']> }),
  };
}

function progressOf(fraction: number, data: string | null): NonNullable<ListedJob['progress']> {
  return data === null ? { fraction } : { fraction, data: JSON.parse(data) as unknown };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
