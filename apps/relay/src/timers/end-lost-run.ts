import type { OwnedJob } from '@baton/persistence';
import { endLostRunSpan } from '@baton/tracing';
import { carrierOf } from '../outbox/job-record.js';

/** Draws the run whose worker will not draw it any more. */
export function endLostRun(job: OwnedJob): void {
  endLostRunSpan({
    jobId: job.jobId,
    tenant: job.tenantId,
    queue: job.queue,
    attempt: job.attempt,
    carrier: carrierOf(job),
    executionId: job.executionId,
    startTime: job.startedAtMs,
    endTime: Date.now(),
  });
}
