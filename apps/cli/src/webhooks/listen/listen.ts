import { BatonError } from '@baton/client';
import type { Api } from '../../connection/api.js';
import { forward, type LocalAnswer, type TakenDelivery } from './forward.js';

export interface ListenOptions {
  /** The endpoint's name. */
  name: string;
  /** The local receiver. */
  target: string;
  signal: AbortSignal;
  onForwarded: (delivery: TakenDelivery, answer: LocalAnswer, next: Answered | undefined) => void;
  /** The gateway does not answer, or does again. */
  onTrouble: (words: string) => void;
  random?: () => number;
}

/** What follows for the delivery; undefined where the gateway could not be told. */
export interface Answered {
  outcome: string;
  state: 'delivered' | 'dead' | 'pending';
  nextInMs?: number;
}

const holdSeconds = 30;
const most = 10;
const pauses = { firstMs: 250, mostMs: 10_000 };
/** A claim holds for 30 s; what is said later counts for nothing. */
const answerMs = 28_000;

/**
 * Takes deliveries, hands them to the local receiver, and says what it answered, until the signal: then those under way
 * end, and no more are taken. A gateway that goes away is asked again until it is there; what was not answered in time
 * comes again under its id.
 */
export async function listen(api: Api, options: ListenOptions): Promise<void> {
  const { name, signal, onTrouble, random = Math.random } = options;
  const underWay = new Set<Promise<void>>();
  let failures = 0;
  try {
    while (!signal.aborted) {
      try {
        const taken = await take(api, name, signal);
        if (failures > 0) onTrouble('the gateway answers again');
        failures = 0;
        for (const delivery of taken) {
          const handled = handOver(api, delivery, options).finally(() => underWay.delete(handled));
          underWay.add(handled);
        }
        if (underWay.size >= most) await Promise.race(underWay);
      } catch (error) {
        if (signal.aborted) break;
        if (!BatonError.is(error) || !error.retryable) throw error;
        if (failures === 0) onTrouble(`${error.message}; trying again`);
        const ms = Math.min(pauses.mostMs, pauses.firstMs * 2 ** Math.min(failures++, 10));
        await pause(ms * (0.5 + random() / 2), signal);
      }
    }
  } finally {
    await Promise.all(underWay);
  }
}

async function take(api: Api, name: string, signal: AbortSignal): Promise<TakenDelivery[]> {
  const { body } = await api.call<{ items: TakenDelivery[] }>(
    `/v1/webhooks/${encodeURIComponent(name)}/take`,
    {
      method: 'POST',
      body: { limit: most },
      headers: { prefer: `wait=${holdSeconds}` },
      signal,
    },
  );
  return body.items;
}

async function handOver(
  api: Api,
  delivery: TakenDelivery,
  { name, target, onForwarded }: ListenOptions,
): Promise<void> {
  const since = performance.now();
  const answer = await forward(target, delivery);
  const { words: _words, ...said } = answer;
  const path = `/v1/webhooks/${encodeURIComponent(name)}/taken/${delivery.id}`;
  const body = { claim: delivery.claim, url: target, ...said };
  onForwarded(delivery, answer, await tell(api, { path, body, untilMs: since + answerMs }));
}

/** Says it again while the gateway is away, as long as it counts. */
async function tell(
  api: Api,
  { path, body, untilMs }: { path: string; body: object; untilMs: number },
): Promise<Answered | undefined> {
  for (let tries = 0; ; tries++) {
    try {
      const signal = AbortSignal.timeout(10_000);
      return (await api.call<Answered>(path, { method: 'POST', body, signal })).body;
    } catch (error) {
      // Its claim is over or its endpoint gone: it comes again, or is wanted no more.
      if (BatonError.is(error) && !error.retryable) return undefined;
      if (performance.now() > untilMs) return undefined;
      await new Promise((resolve) => setTimeout(resolve, Math.min(2_000, 200 * 2 ** tries)));
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
