import { BenchError } from '../../bench.error.js';
import type { BatonDeployment } from '../../contenders/baton/baton-deployment.js';
import type { ReceiverKind, WebhookReceiver } from './webhook-receiver.js';

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

/** How the endpoint of the n-th job fares: the sick ones are spread among the others. */
export function kindOf(
  { endpoints, dead, slow, gone = 0, flaky = 0 }: Mix,
  n: number,
): ReceiverKind | 'dead' {
  // Each place once: 7 divides no number of endpoints that is used.
  const place = (n * 7) % endpoints;
  const within = (share: number): boolean => place < Math.round(share * endpoints);
  if (within(dead)) return 'dead';
  if (within(dead + slow)) return 'slow';
  if (within(dead + slow + gone)) return 'gone';
  return within(dead + slow + gone + flaky) ? 'flaky' : 'well';
}

/** Of so many jobs, those whose endpoint is well. */
export function wellJobs(mix: Mix, jobs: number): number {
  return Array.from({ length: jobs }, (_, n) => n).filter((n) => kindOf(mix, n) === 'well').length;
}

/** Makes the endpoints `e0`, `e1` … */
export async function makeEndpoints(
  deployment: BatonDeployment,
  receiver: WebhookReceiver,
  mix: Mix,
): Promise<void> {
  const { endpoints, schedule } = mix;
  const urlOf = (n: number): string => {
    const kind = kindOf(mix, n);
    return kind === 'dead' ? deadUrl : receiver.url(kind, n);
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
