import type { WatchedPage } from '@baton/results';
import { deliverSeconds, recordDeliver } from '@baton/tracing';

/** The event that ended a job was written to a client. */
export function recordTold({ row }: WatchedPage, channel: 'sse' | 'websocket'): void {
  const { id: jobId, tenantId: tenant, queue, attempt, finishedAtMs, traceparent, tracestate, baggage } = row;
  if (finishedAtMs !== null) deliverSeconds.labels(channel).observe((Date.now() - finishedAtMs) / 1_000);
  recordDeliver({
    jobId,
    tenant,
    queue,
    attempt,
    executionId: row.executionId ?? undefined,
    carrier:
      traceparent === null
        ? undefined
        : { traceparent, tracestate: tracestate ?? undefined, baggage: baggage ?? undefined },
    channel,
    outcome: 'delivered',
  });
}
