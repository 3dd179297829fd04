import type { Settlement } from '@baton/persistence';
import type { Delivery } from '../execution/delivery.js';
import type { Outcome } from '../execution/outcome.js';

export function toSettlement(delivery: Delivery, startedAtMs: number, outcome: Outcome): Settlement {
  const { jobId, attempt, executionId, workerId, tenantId, queue, orderingKey, follows } = delivery;
  return {
    jobId,
    attempt,
    executionId,
    workerId,
    tenantId,
    queue,
    orderingKey,
    follows,
    kind: outcome.kind,
    startedAtMs,
    finishedAtMs: Date.now(),
    result: 'result' in outcome ? outcome.result : undefined,
    error: 'error' in outcome ? outcome.error : undefined,
    retryAtMs: 'retryAtMs' in outcome ? outcome.retryAtMs : undefined,
  };
}
