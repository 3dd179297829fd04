import { timing } from '@baton/contracts';
import type { ClaimedDelivery, DeliveryOutcome } from '@baton/persistence';
import { recordDeliver, webhookAttempts } from '@baton/tracing';
import type { z } from 'zod';
import { judgeAnswer, retryAfterOf } from '../delivery/judge-answer.js';
import { outcomeOf } from '../delivery/outcome-of.js';
import { kept } from '../delivery/send-request.js';
import { signDelivery } from '../delivery/sign-delivery.js';
import type { KeyRing } from '../endpoint-keys.js';
import type { answerSchema } from './pull.schema.js';

const faults = {
  timeout: `no answer within ${timing.webhookTimeoutMs / 1_000} s`,
  unreachable: 'the receiver could not be reached',
} as const;

/** What follows from what a client says its receiver answered: the same as if Baton had called it. */
export function takenOutcome(
  delivery: ClaimedDelivery,
  answer: z.output<typeof answerSchema>,
  keys: KeyRing,
): DeliveryOutcome {
  const { status, fault, headers, url, headMs, totalMs } = answer;
  const lowered = Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const met =
    status === undefined
      ? { fault: fault ?? ('unreachable' as const) }
      : { status, retryAfterMs: retryAfterOf(lowered['retry-after'], Date.now()) };
  const { schedule, step, tiers } = delivery;
  const judgement = judgeAnswer(met, { schedule, step, tiers: tiers ?? true }, Math.random());
  webhookAttempts.labels(judgement.outcome).inc();
  tellTrace(delivery, judgement.outcome, totalMs);
  return outcomeOf(delivery, judgement, {
    status: status ?? null,
    error: status === undefined ? faults[fault ?? 'unreachable'] : null,
    url,
    request: withoutSignature(signDelivery(delivery, keys).headers),
    headers: status === undefined ? null : kept(lowered),
    headMs,
    totalMs,
    agoMs: totalMs,
  });
}

/** Those of the try were made when it was taken; a signature of now would tell a lie. */
function withoutSignature(headers: Record<string, string>): Record<string, string> {
  const times = ['webhook-timestamp', 'webhook-signature', 'x-timestamp', 'x-signature'];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !times.includes(name)));
}

function tellTrace(delivery: ClaimedDelivery, outcome: string, totalMs: number): void {
  const { jobId, tenantId: tenant, queue, attempt, executionId, traceparent, tracestate, baggage } = delivery;
  if (jobId === null) return;
  recordDeliver({
    jobId,
    tenant,
    queue: queue ?? '',
    attempt: attempt ?? 0,
    executionId: executionId ?? undefined,
    carrier:
      traceparent === null
        ? undefined
        : { traceparent, tracestate: tracestate ?? undefined, baggage: baggage ?? undefined },
    channel: 'webhook',
    startTime: new Date(Date.now() - totalMs),
    outcome,
  });
}
