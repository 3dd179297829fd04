import { BenchError } from '../../bench.error.js';
import type { BatonDeployment } from '../../contenders/baton/baton-deployment.js';
import type { WebhookReceiver } from './webhook-receiver.js';

export interface Mix {
  endpoints: number;
  /** Shares of all. */
  dead: number;
  slow: number;
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
  { endpoints, dead, slow, schedule }: Mix,
): Promise<void> {
  const urlOf = (n: number): string => {
    const place = (n * 0.618_034) % 1;
    if (place < dead) return deadUrl;
    return receiver.url(place < dead + slow ? 'slow' : 'well', n);
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
