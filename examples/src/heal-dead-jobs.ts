import type { BatonClient } from '@baton/client';

interface Service {
  url: string;
  apiKey: string;
}

/**
 * Goes over a queue's dead jobs of one error, and replays each with the payload that `heal` makes of its own.
 * @param heal undefined: it is left as it is
 * @returns the jobs that run again
 */
export async function healDead(
  baton: BatonClient,
  { queue, code, ...service }: Service & { queue: string; code: string },
  heal: (payload: unknown) => unknown,
): Promise<string[]> {
  const healed: string[] = [];
  let cursor = '';
  do {
    const page = await ask<Page>(service, 'GET', `/v1/queues/${queue}/dead?code=${code}${cursor}`);
    for (const { id } of page.items) {
      const { payload } = await baton.job(id);
      const better = heal(payload);
      if (better === undefined) continue;
      await ask(service, 'POST', `/v1/queues/${queue}/dead/replay`, { ids: [id], payload: better });
      healed.push(id);
    }
    cursor = page.nextCursor === undefined ? '' : `&cursor=${page.nextCursor}`;
  } while (cursor !== '');
  return healed;
}

interface Page {
  items: { id: string }[];
  nextCursor?: string;
}

async function ask<Answer>(
  { url, apiKey }: Service,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path} was refused: ${await answer.text()}`);
  return (await answer.json()) as Answer;
}
