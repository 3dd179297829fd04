import type { ClaimedJob } from '@baton/persistence';
import type { Delivery } from '../execution/delivery.js';

const arrival = { system: 'postgresql' } as const;

/** A claimed row as the executor takes it. @param parents JSON, as `readParents` tells it */
export function toDelivery(row: ClaimedJob, workerId: string, parents?: string): Delivery {
  const {
    orderingKey,
    deadlineAtMs,
    checkpoint,
    traceparent,
    tracestate,
    baggage,
    claimedAtMs: _,
    parents: __,
    ...job
  } = row;
  const carrier =
    traceparent === null
      ? undefined
      : { traceparent, tracestate: tracestate ?? undefined, baggage: baggage ?? undefined };
  return {
    ...job,
    workerId,
    orderingKey: orderingKey ?? undefined,
    deadlineAtMs: deadlineAtMs ?? undefined,
    checkpoint: checkpoint ?? undefined,
    parents,
    carrier,
    arrival,
  };
}
