import type { BatonClient, JobHandle } from '@baton/client';

/** A partner whose API allows 100 calls a second in all, and two at a time for each of our customers' accounts. */
const settings = {
  concurrency: { perKey: 2 },
  rateLimit: { limit: 100, per: '1s', burst: 20 },
  // What waits longer than that is better refused at the door than called late.
  maxBacklog: 10_000,
};

/** Said again it changes nothing: for a deployment's start. @throws Error with what the service said against it */
export async function limitPartner(
  { url, apiKey }: { url: string; apiKey: string },
  queue: string,
): Promise<void> {
  const answer = await fetch(`${url}/v1/queues/${queue}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(settings),
  });
  if (!answer.ok) throw new Error(`the limits of ${queue} were refused: ${await answer.text()}`);
}

/** However many are posted at once: the account's key keeps them to two at a time, wherever workers run. */
export function syncAccount(
  baton: BatonClient,
  queue: string,
  { account, ...payload }: { account: string; [field: string]: unknown },
): Promise<JobHandle> {
  return baton.enqueue(queue, { account, ...payload }, { concurrencyKey: account });
}
