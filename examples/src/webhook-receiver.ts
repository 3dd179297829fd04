import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { verifyWebhook, type WebhookEvent, WebhookVerificationError } from '@baton/client';

export interface ReceiverOptions {
  /** `whsec_…`, shown when the endpoint was made. */
  secret: string;
  /** Rejects for what should be sent again. */
  take: (event: WebhookEvent) => Promise<void>;
  /** Ids of events that were taken; a shop with two servers keeps them where both see them. */
  taken?: Set<string>;
}

/** A receiver of webhooks for `node:http`: believes what is signed, and takes each event once, however often it is sent. */
export function webhookReceiver({ secret, take, taken = new Set() }: ReceiverOptions) {
  const underWay = new Map<string, Promise<void>>();
  // A repetition that comes while the first is being taken gets the answer of the first.
  const takeOnce = (event: WebhookEvent): Promise<void> => {
    if (taken.has(event.id)) return Promise.resolve();
    const taking =
      underWay.get(event.id) ??
      take(event)
        .then(() => void taken.add(event.id))
        .finally(() => underWay.delete(event.id));
    underWay.set(event.id, taking);
    return taking;
  };
  return (request: IncomingMessage, response: ServerResponse): void => {
    const answer = (status: number): void => void response.writeHead(status).end();
    text(request)
      .then(async (body) => {
        await takeOnce(await verifyWebhook(body, request.headers, { secret }));
        answer(204);
      })
      // Whatever is not 2xx is sent again, by the endpoint's schedule; 401 not at all.
      .catch((error: unknown) => answer(error instanceof WebhookVerificationError ? 401 : 500));
  };
}
