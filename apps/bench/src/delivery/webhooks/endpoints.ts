import { BenchError } from '../../bench.error.js';
import type { BatonDeployment } from '../../contenders/baton/baton-deployment.js';
import type { WebhookReceiver } from './webhook-receiver.js';

export interface Mix {
  endpoints: number;
  /** Shares of all; nothing listens where the dead ones are. */
  dead: number;
  slow: number;
  gone?: number;
  flaky?: number;
  /** Of each endpoint; Baton's own when left out. */
  schedule?: string[];
}

/** Nothing listens there. */
const deadUrl = 'http://127.0.0.1:9/';
const atOnce = 16;

/** Makes the endpoints `e0`, `e1` …, the sick ones spread among the others. */
export async function makeEndpoints(
  deployment: BatonDeployment,
  receiver: WebhookReceiver,
  { endpoints, dead, slow, gone = 0, flaky = 0, schedule }: Mix,
): Promise<void> {
  const urlOf = (n: number): string => {
    // Each place once: 7 divides no number of endpoints that is used.
    const place = ((n * 7) % endpoints) / endpoints;
    if (place < dead) return deadUrl;
    if (place < dead + slow) return receiver.url('slow', n);
    if (place < dead + slow + gone) return receiver.url('gone', n);
    return receiver.url(place < dead + slow + gone + flaky ? 'flaky' : 'well', n);
  };
  let next = 0;
  const make = async (): Promise<void> => {
    for (let n = next++; n < endpoints; n = next++) {
      const response = await fetch(`${deployment.urlOf('result-gateway')}/v1/webhooks/e${n}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${deployment.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ url: urlOf(n), ...(schedule && { schedule }) }),
      });
      if (!response.ok)
        throw new BenchError(`PUT /v1/webhooks/e${n} answered ${response.status}: ${await response.text()}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, make));
}
