import { reasonOf } from '../../connection/api.js';

/** A delivery that was taken. */
export interface TakenDelivery {
  id: string;
  claim: string;
  webhookId: string;
  type: string;
  attempt: number;
  headers: Record<string, string>;
  body: string;
}

/** What the local receiver answered. */
export interface LocalAnswer {
  status?: number;
  headers?: Record<string, string>;
  fault?: 'timeout' | 'unreachable';
  /** For the person who watches. */
  words?: string;
  headMs: number;
  totalMs: number;
}

/** As long as Baton waits for any receiver. */
const timeoutMs = 15_000;
const keptHeaders = 30;
const keptChars = 1_000;

/** Hands a delivery to the local receiver as Baton would: the same bytes, no redirect followed, the answer's body unread. */
export async function forward(target: string, { headers, body }: TakenDelivery): Promise<LocalAnswer> {
  const began = performance.now();
  const took = (): number => Math.round(performance.now() - began);
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(target, { method: 'POST', headers, body, redirect: 'manual', signal: late });
    const headMs = took();
    await response.body?.cancel();
    return { status: response.status, headers: kept(response.headers), headMs, totalMs: took() };
  } catch (error) {
    const [fault, words] = late.aborted
      ? (['timeout', `no answer within ${timeoutMs / 1_000} s`] as const)
      : (['unreachable', reasonOf(error)] as const);
    return { fault, words, headMs: took(), totalMs: took() };
  }
}

function kept(headers: Headers): Record<string, string> {
  const entries = [...headers].filter(([name]) => name !== 'set-cookie').slice(0, keptHeaders);
  return Object.fromEntries(entries.map(([name, value]) => [name, value.slice(0, keptChars)]));
}
