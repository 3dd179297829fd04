import {
  duplicateSettles,
  isSampled,
  jobsSettled,
  recordSettleBatch,
  settleSeconds,
  type SettledJob,
} from '@baton/tracing';
import type { Settled } from '@baton/persistence';
import type { Unsettled } from './unsettled.js';

/** A committed batch, in the metrics of all and in the `result.settle` spans of the sampled. */
export function recordSettled(
  batch: readonly Unsettled[],
  settled: readonly Settled[],
  startTime: number,
): void {
  const endTime = Date.now();
  const drawn: SettledJob[] = [];
  for (const [i, { settlement, carrier }] of batch.entries()) {
    const verdict = settled[i]?.verdict;
    if (verdict === undefined || verdict === 'busy' || settlement.kind === 'progress') continue;
    const { jobId, tenantId: tenant, queue, attempt, executionId, kind, finishedAtMs = endTime } = settlement;
    if (verdict === 'applied') {
      jobsSettled.labels(queue, settled[i]?.state ?? kind).inc();
      settleSeconds.labels(queue, 'polling').observe(Math.max(0, endTime - finishedAtMs) / 1_000);
    } else {
      duplicateSettles.labels(queue, verdict === 'duplicate' ? verdict : 'stale').inc();
    }
    if (carrier !== undefined && !isSampled(carrier)) continue;
    const outcome = verdict === 'applied' ? kind : verdict === 'refused' ? 'stale' : verdict;
    drawn.push({ jobId, tenant, queue, attempt, executionId, carrier, outcome });
  }
  recordSettleBatch({ via: 'worker', startTime, endTime, jobs: drawn });
}
