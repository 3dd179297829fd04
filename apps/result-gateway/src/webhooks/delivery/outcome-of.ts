import type { ClaimedDelivery, DeliveryOutcome } from '@baton/persistence';
import type { Judgement } from './judge-answer.js';

/** What one try met, for the history. */
export interface Met {
  status: number | null;
  error: string | null;
  url: string;
  /** Headers of the request, and of the answer. */
  request: Record<string, string>;
  headers: Record<string, string> | null;
  headMs: number;
  totalMs: number;
  /** How long ago the try began. */
  agoMs: number;
}

/** What came of a try, to be recorded. */
export function outcomeOf(delivery: ClaimedDelivery, judgement: Judgement, met: Met): DeliveryOutcome {
  const { id, claim, attempts } = delivery;
  const { outcome, state, reason, delayMs, usesStep, receiver } = judgement;
  const { status, error, url, request, headers, headMs, totalMs, agoMs } = met;
  return {
    delivery,
    receiver,
    gone: outcome === 'gone',
    tried: {
      id,
      claim,
      attempt: attempts + 1,
      agoMs,
      outcome,
      status,
      error,
      request: JSON.stringify({ url, headers: request }),
      response: headers ? JSON.stringify({ headers }) : null,
      timings: JSON.stringify({ lateMs: Math.round(delivery.lateMs), headMs, totalMs }),
      state,
      reason,
      delayMs,
      usesStep,
    },
  };
}
