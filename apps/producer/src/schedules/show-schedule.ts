import { formatDuration, priorityNames } from '@baton/contracts';
import { CronRuns, type ScheduledJob, type ScheduleRow } from '@baton/persistence';
import { showBackoff } from '../schema/backoff.schema.js';
import type { ScheduleInput, ShownSchedule } from './schedule.schema.js';

const runsShown = 5;

const iso = (ms: number): string => new Date(ms).toISOString();

/** A schedule as JSON text: its payload is put in as it was sent, neither read nor written again. */
export function showSchedule(row: ScheduleRow): string {
  const shown: Omit<ShownSchedule, 'payload'> = {
    name: row.name,
    cron: row.cron,
    timezone: row.timezone,
    jitter: formatDuration(row.jitterMs),
    catchUp: row.catchUp,
    paused: row.paused,
    queue: row.queue,
    ...showJobFields(JSON.parse(row.job) as ScheduledJob),
    nextRuns: nextRuns(row).map(iso),
    ...(row.lastAtMs !== null && { lastRun: lastRun(row, row.lastAtMs) }),
    createdAt: iso(row.createdAtMs),
    updatedAt: iso(row.updatedAtMs),
  };
  return `${JSON.stringify(shown).slice(0, -1)},"payload":${row.payload}}`;
}

/** What each job of the schedule is given, as it is kept. */
export function jobOf(input: ScheduleInput, priority: number): ScheduledJob {
  const { orderingKey, concurrencyKey, maxAttempts, backoff, timeout, expectWithin, metadata } = input;
  return {
    priority,
    orderingKey,
    concurrencyKey,
    maxAttempts,
    backoff,
    timeoutMs: timeout,
    expectMs: expectWithin,
    metadata,
  };
}

function showJobFields(job: ScheduledJob) {
  const { orderingKey, concurrencyKey, maxAttempts, backoff, timeoutMs, expectMs, metadata } = job;
  return {
    priority: priorityNames[job.priority] ?? 'normal',
    ...(orderingKey !== undefined && { orderingKey }),
    ...(concurrencyKey !== undefined && { concurrencyKey }),
    ...(maxAttempts !== undefined && { maxAttempts }),
    ...(backoff !== undefined && { backoff: showBackoff(backoff) }),
    ...(timeoutMs !== undefined && { timeout: formatDuration(timeoutMs) }),
    ...(expectMs !== undefined && { expectWithin: formatDuration(expectMs) }),
    ...(metadata !== undefined && { metadata: { ...metadata } }),
  };
}

/** From the one that is next on record, which may be due this moment. */
function nextRuns({ nextAtMs, ...row }: ScheduleRow): number[] {
  if (nextAtMs === null) return [];
  return [nextAtMs, ...new CronRuns(row).next(nextAtMs, runsShown - 1)];
}

function lastRun({ lastFiredAtMs, lastJobId, lastError }: ScheduleRow, atMs: number) {
  return {
    at: iso(atMs),
    firedAt: iso(lastFiredAtMs ?? atMs),
    ...(lastJobId !== null && { jobId: lastJobId }),
    ...(lastError !== null && { error: JSON.parse(lastError) as { code: string; message: string } }),
  };
}
