import { brokerSeconds, claimSeconds, outboxWaitSeconds, recordAckWake } from '@baton/tracing';
import type { Execution } from './execution.js';

/** How long the hand-over took: as the `worker.ack_wake` span of a sampled job, and in the histograms of all. */
export function recordWake({ delivery, startedAtMs: takenAt }: Execution): void {
  const {
    jobId,
    tenantId: tenant,
    queue,
    attempt,
    executionId,
    carrier,
    queuedAtMs: releasedAt,
    arrival,
  } = delivery;
  const job = { jobId, tenant, queue, attempt, executionId, carrier, releasedAt, takenAt };
  if (arrival.system === 'postgresql') {
    claimSeconds.labels(queue, 'polling').observe(secondsBetween(releasedAt, takenAt));
    recordAckWake({ ...job, system: 'postgresql', destination: queue, receivedAt: takenAt });
    return;
  }
  const { topic, partition, offset, group, publishedAtMs: publishedAt, readAtMs: receivedAt } = arrival;
  outboxWaitSeconds.labels(queue).observe(secondsBetween(releasedAt, publishedAt));
  brokerSeconds.labels(queue).observe(secondsBetween(publishedAt, receivedAt));
  claimSeconds.labels(queue, 'event').observe(secondsBetween(receivedAt, takenAt));
  recordAckWake({
    ...job,
    system: 'kafka',
    destination: topic,
    partition,
    offset: offset.toString(),
    group,
    publishedAt,
    receivedAt,
  });
}

/** Clocks of two hosts differ: never less than nothing. */
function secondsBetween(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs) / 1_000;
}
