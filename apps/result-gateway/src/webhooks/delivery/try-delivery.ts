import type { ClaimedDelivery, DeliveryOutcome } from '@baton/persistence';
import { type AddressGuard, refuseReceiverUrl } from '@baton/service/egress';
import { carrierToHeaders, startDeliverSpan, webhookAttempts } from '@baton/tracing';
import type { Agent } from 'undici';
import type { KeyRing, SigningKeys } from '../endpoint-keys.js';
import { deliveryBody } from './delivery-body.js';
import { type Judgement, judgeAnswer } from './judge-answer.js';
import { type Sent, sendRequest } from './send-request.js';
import { standardHeaders, xSignatureHeaders } from './signature-headers.js';

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
  const keys = keysOf(delivery, ring);
  const url = delivery.url ?? '';
  const body = deliveryBody(delivery);
  const timestamp = Math.floor(Date.now() / 1_000);
  const headers = {
    ...headersOf(delivery, keys, { timestamp, body }),
    ...(span ? carrierToHeaders(span.carrier) : {}),
  };
  const refusal = keys.length === 0 ? 'there is no secret to sign with' : refuseReceiverUrl(url, guard);
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
  const { id, claim, attempts } = delivery;
  return {
    delivery,
    receiver: judgement.receiver,
    gone: judgement.outcome === 'gone',
    tried: {
      id,
      claim,
      attempt: attempts + 1,
      agoMs: performance.now() - began,
      outcome: judgement.outcome,
      status,
      error: sent ? sent.error : refusal!,
      request: JSON.stringify({ url, headers }),
      response: sent?.headers ? JSON.stringify({ headers: sent.headers }) : null,
      timings: JSON.stringify({
        lateMs: Math.round(delivery.lateMs),
        headMs: sent?.headMs ?? 0,
        totalMs: sent?.totalMs ?? 0,
      }),
      state: judgement.state,
      reason: judgement.reason,
      delayMs: judgement.delayMs,
      usesStep: judgement.usesStep,
    },
  };
}

function judge(sent: Sent, { schedule, step, tiers }: ClaimedDelivery, random: number): Judgement {
  return judgeAnswer(sent.answer, { schedule, step, tiers: tiers ?? true }, random);
}

/** What cannot be sent at all is dead at once: nothing but the operator or the tenant mends it. */
function refused(reason: string): Judgement {
  return { outcome: 'refused', state: 'dead', reason, delayMs: 0, usesStep: true, receiver: undefined };
}

function keysOf(delivery: ClaimedDelivery, ring: KeyRing): SigningKeys[] {
  const { secret, tenantId, keys, oldKeys, keysOf: endpointId } = delivery;
  if (secret !== null) return [ring.job(tenantId, secret)];
  return [keys, oldKeys].flatMap((sealed) => (sealed === null ? [] : [ring.endpoint(endpointId!, sealed)]));
}

function headersOf(
  delivery: ClaimedDelivery,
  keys: readonly SigningKeys[],
  { timestamp, body }: { timestamp: number; body: string },
): Record<string, string> {
  const signed = { id: delivery.webhookId, timestamp, body };
  return {
    'content-type': 'application/json',
    'user-agent': 'baton-webhooks/1',
    ...(delivery.headers === 'x-signature'
      ? xSignatureHeaders(keys, signed, delivery)
      : standardHeaders(keys, signed)),
  };
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
