import type { Settled } from '@baton/persistence';
import {
  duplicateSettles,
  inRootContext,
  jobsSettled,
  recordSettleBatch,
  settleSeconds,
  type SettledJob,
} from '@baton/tracing';
import { busySettlements } from '../metrics/relay-metrics.js';

/** Counts and draws what a round settled. Times are epoch milliseconds. */
export function recordSettled(
  settled: readonly Settled[],
  { startTime, endTime }: { startTime: number; endTime: number },
): void {
  for (const { settlement, verdict, state } of settled) {
    const { queue, kind, finishedAtMs } = settlement;
    if (verdict === 'busy') busySettlements.inc();
    else if (verdict !== 'applied')
      duplicateSettles.inc({ queue, reason: verdict === 'duplicate' ? 'duplicate' : 'stale' });
    else if (kind !== 'started' && kind !== 'progress') {
      jobsSettled.inc({ queue, outcome: state ?? kind });
      if (finishedAtMs !== undefined)
        settleSeconds.observe({ queue, mode: 'event' }, Math.max(0, endTime - finishedAtMs) / 1_000);
    }
  }
  const jobs = settled.flatMap(jobOfSpan);
  inRootContext(() => recordSettleBatch({ via: 'inbox', startTime, endTime, jobs }));
}

/** Of every outcome that was applied: retries and hand-backs have their span too. */
function jobOfSpan({ settlement, trace }: Settled): SettledJob[] {
  if (!trace || trace.traceparent === null) return [];
  const { traceparent, tracestate, baggage } = trace;
  return [
    {
      jobId: settlement.jobId,
      tenant: settlement.tenantId,
      queue: settlement.queue,
      attempt: settlement.attempt,
      carrier: { traceparent, tracestate: tracestate ?? undefined, baggage: baggage ?? undefined },
      executionId: settlement.executionId,
      outcome: settlement.kind,
    },
  ];
}
