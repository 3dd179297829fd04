import type { Settlement } from '@baton/persistence';
import type { Delivery } from '../execution/delivery.js';
import type { Outcome } from '../execution/outcome.js';
import type { ProgressNote } from '../execution/progress-note.js';

export function toSettlement(
  delivery: Delivery,
  startedAtMs: number,
  outcome: Outcome,
  progress?: ProgressNote,
): Settlement {
  return {
    ...idsOf(delivery),
    kind: outcome.kind,
    startedAtMs,
    progress,
    finishedAtMs: Date.now(),
    result: 'result' in outcome ? outcome.result : undefined,
    error: 'error' in outcome ? outcome.error : undefined,
    retryAtMs: 'retryAtMs' in outcome ? outcome.retryAtMs : undefined,
  };
}

export function toProgress(delivery: Delivery, startedAtMs: number, progress: ProgressNote): Settlement {
  return { ...idsOf(delivery), kind: 'progress', startedAtMs, progress };
}

function idsOf(delivery: Delivery) {
  const { jobId, attempt, executionId, workerId, tenantId, queue, orderingKey, follows } = delivery;
  return { jobId, attempt, executionId, workerId, tenantId, queue, orderingKey, follows };
}
