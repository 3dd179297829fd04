import { defaultWebhookSchedule } from '@baton/contracts';

/** What a try met. */
export type Answer =
  { status: number; retryAfterMs?: number | undefined } | { fault: 'timeout' | 'unreachable' };

/** What follows for the delivery. */
export interface Judgement {
  outcome: 'delivered' | 'gone' | 'throttled' | 'failed' | 'refused' | 'timeout' | 'unreachable';
  state: 'delivered' | 'dead' | 'pending';
  /** Why it is dead. */
  reason: string | null;
  /** Until the next try. */
  delayMs: number;
  usesStep: boolean;
  /** What it says of the receiver, for the breaker. */
  receiver: 'well' | 'failed' | undefined;
}

export interface Terms {
  /** Milliseconds before each try; the first entry is the first try's. */
  schedule?: readonly number[] | null | undefined;
  /** Of the schedule: which try this was, from 0. */
  step: number;
  tiers: boolean;
}

const hourMs = 3_600_000;
const jitter = 0.1;
const throttling = new Set([408, 425, 429]);

/**
 * The table of what a receiver's answer does to its delivery.
 * @param random a number in [0, 1): moves the next try by ±10 %, so that what failed together does not come together
 */
export function judgeAnswer(answer: Answer, terms: Terms, random: number): Judgement {
  const schedule = terms.schedule ?? defaultWebhookSchedule;
  const stepMs = schedule[terms.step + 1];
  const next = (minMs: number): Pick<Judgement, 'state' | 'reason' | 'delayMs' | 'usesStep'> =>
    stepMs === undefined
      ? { state: 'dead', reason: `its ${schedule.length} tries are used up`, delayMs: 0, usesStep: true }
      : {
          state: 'pending',
          reason: null,
          delayMs: Math.max(minMs, jittered(stepMs, random)),
          usesStep: true,
        };

  if ('fault' in answer) {
    const slow = answer.fault === 'timeout' && terms.tiers;
    return { outcome: answer.fault, ...next(slow ? hourMs : 0), receiver: 'failed' };
  }
  const { status, retryAfterMs } = answer;
  if (status >= 200 && status < 300)
    return {
      outcome: 'delivered',
      state: 'delivered',
      reason: null,
      delayMs: 0,
      usesStep: false,
      receiver: 'well',
    };
  if (status === 410) {
    const reason = 'the receiver answered 410 Gone';
    return { outcome: 'gone', state: 'dead', reason, delayMs: 0, usesStep: true, receiver: undefined };
  }
  if (throttling.has(status) || (status === 503 && retryAfterMs !== undefined)) {
    const throttled: Judgement = { outcome: 'throttled', ...next(0), receiver: undefined };
    if (retryAfterMs !== undefined && stepMs !== undefined)
      throttled.delayMs = Math.min(Math.max(retryAfterMs, stepMs), 2 * stepMs);
    return throttled;
  }
  if (status >= 500) return { outcome: 'failed', ...next(0), receiver: 'failed' };
  if (!terms.tiers) return { outcome: 'refused', ...next(0), receiver: 'failed' };
  const reason = `the receiver answered ${status}, which a repetition does not mend`;
  return { outcome: 'refused', state: 'dead', reason, delayMs: 0, usesStep: true, receiver: 'failed' };
}

function jittered(ms: number, random: number): number {
  return Math.round(ms * (1 + jitter * (2 * random - 1)));
}

/** `Retry-After` as milliseconds from now: seconds, or an HTTP date; undefined for what is neither. */
export function retryAfterOf(header: string | string[] | undefined, nowMs: number): number | undefined {
  const text = [header].flat()[0]?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
