import type { ClaimedDelivery, DeliveryOutcome } from '@baton/persistence';
import { type AddressGuard, refuseReceiverUrl } from '@baton/service/egress';
import { carrierToHeaders, startDeliverSpan, webhookAttempts } from '@baton/tracing';
import type { Agent } from 'undici';
import type { KeyRing } from '../endpoint-keys.js';
import { type Judgement, judgeAnswer } from './judge-answer.js';
import { type Sent, sendRequest } from './send-request.js';
import { outcomeOf } from './outcome-of.js';
import { signDelivery } from './sign-delivery.js';

export interface TryParts {
  agent: Agent;
  guard: AddressGuard;
  keys: KeyRing;
  random?: () => number;
}

/**
 * Tries a delivery once.
 * @param signal aborts it at a shutdown; it then rejects
 * @returns what came of it, to be recorded
 */
export async function tryDelivery(
  delivery: ClaimedDelivery,
  { agent, guard, keys: ring, random = Math.random }: TryParts,
  signal: AbortSignal,
): Promise<DeliveryOutcome> {
  const began = performance.now();
  const span = spanOf(delivery);
  const url = delivery.url ?? '';
  const signed = signDelivery(delivery, ring);
  const { body } = signed;
  const headers = { ...signed.headers, ...(span ? carrierToHeaders(span.carrier) : {}) };
  const refusal = signed.unsigned ? 'there is no secret to sign with' : refuseReceiverUrl(url, guard);
  const sent =
    refusal === undefined
      ? await sendRequest(agent, url, { headers, body, signal }).finally(
          () => signal.aborted && span?.end({ outcome: 'aborted' }),
        )
      : undefined;
  const judgement = sent ? judge(sent, delivery, random()) : refused(refusal!);
  webhookAttempts.labels(judgement.outcome).inc();
  const status = sent && 'status' in sent.answer ? sent.answer.status : null;
  const failed = judgement.state !== 'delivered';
  span?.end({
    outcome: judgement.outcome,
    ...(status !== null && { httpStatus: status }),
    ...(failed && {
      error: {
        code: `webhook_${judgement.outcome}`,
        message: sent?.error ?? judgement.reason ?? `answered ${status}`,
      },
    }),
  });
  const met = sent ?? { error: refusal!, headers: null, headMs: 0, totalMs: 0 };
  return outcomeOf(delivery, judgement, {
    ...met,
    status,
    url,
    request: headers,
    agoMs: performance.now() - began,
  });
}

function judge(sent: Sent, { schedule, step, tiers }: ClaimedDelivery, random: number): Judgement {
  return judgeAnswer(sent.answer, { schedule, step, tiers: tiers ?? true }, random);
}

/** What cannot be sent at all is dead at once: nothing but the operator or the tenant mends it. */
function refused(reason: string): Judgement {
  return { outcome: 'refused', state: 'dead', reason, delayMs: 0, usesStep: true, receiver: undefined };
}

function spanOf(delivery: ClaimedDelivery) {
  const {
    id,
    jobId,
    tenantId: tenant,
    queue,
    attempt,
    executionId,
    attempts,
    traceparent,
    tracestate,
    baggage,
    url,
  } = delivery;
  if (jobId === null) return undefined;
  return startDeliverSpan({
    jobId,
    tenant,
    queue: queue ?? '',
    attempt: attempt ?? 0,
    ...(executionId !== null && { executionId }),
    carrier:
      traceparent === null
        ? undefined
        : { traceparent, tracestate: tracestate ?? undefined, baggage: baggage ?? undefined },
    channel: 'webhook',
    deliveryId: id,
    deliveryAttempt: attempts + 1,
    serverAddress: url !== null && URL.canParse(url) ? new URL(url).hostname : undefined,
  });
}
