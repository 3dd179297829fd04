import { formatDuration } from '@baton/contracts';
import type { DeliveryAttempt, DeliveryRow, PlanRow } from '@baton/persistence';
import type { z } from 'zod';
import { type deliverySchema, iso, type jobDeliveriesSchema } from './webhook.schema.js';

type Shown = z.output<typeof deliverySchema>;

/** A delivery as the API tells it, with its tries. */
export function showDelivery(row: DeliveryRow): Shown {
  const { id, webhookId, type, url, jobId, cursor, state, reason, planStep, finishedAtMs } = row;
  return {
    id,
    webhookId,
    type,
    ...(url !== null && { url }),
    ...(jobId !== null && { jobId }),
    ...(cursor !== null && { cursor }),
    state,
    ...(reason !== null && { reason }),
    ...(planStep !== null && { planStep }),
    ...(state === 'pending' && { nextAttemptAt: iso(row.dueAtMs) }),
    createdAt: iso(row.createdAtMs),
    ...(finishedAtMs !== null && { finishedAt: iso(finishedAtMs) }),
    attempts: row.history.map(showAttempt),
  };
}

function showAttempt({ status, error, response, ...attempt }: DeliveryAttempt): Shown['attempts'][number] {
  return {
    ...attempt,
    ...(status !== null && { status }),
    ...(error !== null && { error }),
    ...(response !== null && { response }),
  };
}

export function showPlan({
  state,
  step,
  steps,
  reason,
  stepUntilMs,
  endedAtMs,
}: PlanRow): NonNullable<z.output<typeof jobDeliveriesSchema>['plan']> {
  return {
    state,
    step,
    steps: steps.map(({ forMs, ...rest }) => ({
      ...rest,
      ...(forMs !== undefined && { for: formatDuration(forMs) }),
    })),
    ...(reason !== null && { reason }),
    ...(stepUntilMs !== null && { stepUntil: iso(stepUntilMs) }),
    ...(endedAtMs !== null && { endedAt: iso(endedAtMs) }),
  };
}
