import { limits } from '@baton/contracts';
import { findNextDeadline, markOverdue, type Database, type OverdueJob } from '@baton/persistence';
import { recordDeadline } from '@baton/tracing';
import type { Logger } from 'pino';
import { carrierOf } from '../outbox/job-record.js';
import type { Timer } from './timer.js';

/** A deadline that could not be marked, since its job was locked, is looked at again after this. */
const busyMs = 20;

export interface DeadlineOptions {
  database: Database;
  log: Logger;
  /** Jobs that are published and that nobody has begun: are their records lost? */
  onUnheard: (jobIds: readonly string[]) => void;
}

/**
 * Tells of jobs that are not done when their clients expected it: each is marked, once, and its deadline span fires. Nothing
 * is run again for that; only a record that is known to be lost is.
 */
export class DeadlineTimer implements Timer {
  readonly name = 'deadline';

  constructor(private readonly options: DeadlineOptions) {}

  async look() {
    const { database, log, onUnheard } = this.options;
    const overdue = await markOverdue(database.pool, limits.batch);
    for (const job of overdue) fire(job);
    const unheard = overdue.filter(({ stuckAt }) => stuckAt === 'published').map(({ jobId }) => jobId);
    if (unheard.length > 0) onUnheard(unheard);
    if (overdue.length > 0)
      log.warn({ jobs: overdue.slice(0, 20).map(shown), count: overdue.length }, 'jobs are overdue');
    const found = overdue.length > 0;
    if (overdue.length === limits.batch) return { found, nextMs: 0 };
    const { nowMs, deadlineAtMs } = await findNextDeadline(database.pool);
    return { found, nextMs: deadlineAtMs === null ? undefined : Math.max(busyMs, deadlineAtMs - nowMs) };
  }
}

function fire(job: OverdueJob): void {
  const { jobId, tenantId: tenant, queue, attempt, stuckAt, dueAtMs, overdueAtMs } = job;
  const carrier = carrierOf(job);
  recordDeadline({
    jobId,
    tenant,
    queue,
    attempt,
    carrier,
    stuckAt,
    startTime: dueAtMs,
    endTime: overdueAtMs,
  });
}

function shown({ jobId, queue, stuckAt }: OverdueJob) {
  return { jobId, queue, stuckAt };
}
