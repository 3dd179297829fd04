import { timing } from '@baton/contracts';
import type { Pool } from 'pg';
import { uuidv7 } from 'uuidv7';
import type { ClaimedDelivery } from '../sql/claim-deliveries.sql.js';
import { acknowledgePlan, endSteps } from '../sql/delivery-plans.sql.js';
import { noteWord } from '../sql/list-deliveries.sql.js';
import { recordTries, type TriedDelivery } from '../sql/record-deliveries.sql.js';
import { disableEndpoint } from '../sql/webhook-endpoints.sql.js';
import {
  type Breaker,
  closeBreakers,
  countFailures,
  type FailedReceiver,
  mayTellExhausted,
} from '../sql/webhook-receivers.sql.js';
import { inTransaction, type Transaction } from '../transaction/transaction.js';

/** A try, and what its answer says of the receiver. */
export interface DeliveryOutcome {
  delivery: ClaimedDelivery;
  tried: TriedDelivery;
  /** `well`: it took the delivery; `failed`: counts for the breaker; undefined: says nothing, as a throttled one. */
  receiver: 'well' | 'failed' | undefined;
  /** It wants no more: its endpoint is disabled. */
  gone: boolean;
}

/** What is to be told of receivers: to the log, and to the tenant's endpoints that want to hear it. */
export interface WebhookAlert {
  type: 'webhook.failing' | 'webhook.paused' | 'webhook.recovered' | 'webhook.disabled' | 'webhook.exhausted';
  receiver: string;
  tenantId: string;
  data: Record<string, unknown>;
}

export const breakerRules = { threshold: 10, warning: 5, pauseMs: 30_000, mostMs: 15 * 60_000 } as const;

/**
 * Records what came of tries, all in one transaction: the deliveries move on, breakers count, plans are acknowledged or
 * go on, endpoints that are gone are disabled, and alerts are noted for delivery.
 */
export function recordOutcomes(pool: Pool, outcomes: readonly DeliveryOutcome[]): Promise<WebhookAlert[]> {
  return inTransaction(pool, async (tx) => {
    const moved = await recordTries(
      tx,
      outcomes.map(({ tried }) => tried),
    );
    const alerts = await moveBreakers(tx, outcomes);
    const current = outcomes.filter(({ tried }) => moved.has(tried.id));
    await followPlans(tx, current);
    for (const { delivery } of current.filter((outcome) => outcome.gone)) {
      const { endpointId: id, tenantId, receiver } = delivery;
      const reason = 'the receiver answered 410 Gone';
      if (id !== null && (await disableEndpoint(tx, { id, tenantId, reason })))
        alerts.push({ type: 'webhook.disabled', receiver, tenantId, data: { reason } });
    }
    for (const { delivery, tried } of current.filter(
      ({ delivery, tried }) => tried.state === 'dead' && delivery.jobId !== null,
    )) {
      // Of alerts that die nobody is told: two dead endpoints would tell each other for ever.
      const { receiver, tenantId, webhookId, jobId } = delivery;
      if (await mayTellExhausted(tx, receiver, tenantId))
        alerts.push({
          type: 'webhook.exhausted',
          receiver,
          tenantId,
          data: { webhookId, jobId, reason: tried.reason },
        });
    }
    for (const alert of alerts) await tell(tx, alert);
    return alerts;
  });
}

/** An alert is told of a receiver's trouble, so one about an alert's own delivery would never end. */
async function tell(tx: Transaction, { type, receiver, tenantId, data }: WebhookAlert): Promise<void> {
  const about = receiver.startsWith('endpoint:') ? receiver.slice('endpoint:'.length) : undefined;
  await noteWord(tx, { id: uuidv7(), tenantId, endpointId: null, type, data: { receiver, ...data }, about });
}

async function followPlans(tx: Transaction, outcomes: readonly DeliveryOutcome[]): Promise<void> {
  const planned = outcomes.filter(({ delivery }) => delivery.planStep !== null && delivery.jobId !== null);
  for (const { delivery, tried } of planned) {
    if (tried.state !== 'delivered') continue;
    const { jobId, generation } = delivery;
    const reason = `acknowledged by the webhook's answer ${tried.status}`;
    await acknowledgePlan(tx, { jobId: jobId!, generation: generation!, seq: 2 ** 31 - 1, reason });
  }
  await endSteps(
    tx,
    planned
      .filter(({ tried }) => tried.state === 'dead')
      .map(({ delivery: { jobId, generation, planStep } }) => ({
        jobId: jobId!,
        generation: generation!,
        planStep: planStep!,
      })),
  );
}

async function moveBreakers(tx: Transaction, outcomes: readonly DeliveryOutcome[]): Promise<WebhookAlert[]> {
  const failed = new Map<string, FailedReceiver>();
  const well = new Set<string>();
  const tenants = new Map<string, string>();
  for (const { delivery, receiver } of outcomes) {
    const { receiver: key, tenantId, probe } = delivery;
    tenants.set(key, tenantId);
    if (receiver === 'well') {
      well.add(key);
      failed.delete(key);
    } else if (receiver === 'failed') {
      const known = failed.get(key);
      failed.set(key, {
        key,
        tenantId,
        failures: (known?.failures ?? 0) + 1,
        probe: probe || known?.probe === true,
      });
    }
  }
  const closed = await closeBreakers(tx, [...well].toSorted());
  const counted = await countFailures(
    tx,
    [...failed.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    breakerRules,
  );
  const recovered = closed
    .filter((row) => row.wasOpen)
    .map(({ key }): WebhookAlert => ({
      type: 'webhook.recovered',
      receiver: key,
      tenantId: tenants.get(key)!,
      data: {},
    }));
  return [...recovered, ...counted.flatMap((breaker) => alertOf(breaker, tenants.get(breaker.key)!))];
}

function alertOf({ key, failures, before, opened, openMs }: Breaker, tenantId: string): WebhookAlert[] {
  if (opened) {
    const data = { failures, pausedForMs: Math.round(openMs ?? timing.webhookLeaseMs) };
    return [{ type: 'webhook.paused', receiver: key, tenantId, data }];
  }
  if (before < breakerRules.warning && failures >= breakerRules.warning)
    return [{ type: 'webhook.failing', receiver: key, tenantId, data: { failures } }];
  return [];
}
