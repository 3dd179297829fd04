import type { ClaimedDelivery } from '@baton/persistence';
import type { KeyRing, SigningKeys } from '../endpoint-keys.js';
import { deliveryBody } from './delivery-body.js';
import { standardHeaders, xSignatureHeaders } from './signature-headers.js';

/** One try's headers, with its signatures of now, and its body. */
export interface SignedDelivery {
  headers: Record<string, string>;
  body: string;
  /** There is no secret to sign with. */
  unsigned: boolean;
}

export function signDelivery(delivery: ClaimedDelivery, ring: KeyRing): SignedDelivery {
  const keys = keysOf(delivery, ring);
  const body = deliveryBody(delivery);
  const timestamp = Math.floor(Date.now() / 1_000);
  return { headers: headersOf(delivery, keys, { timestamp, body }), body, unsigned: keys.length === 0 };
}

function keysOf(delivery: ClaimedDelivery, ring: KeyRing): SigningKeys[] {
  const { secret, tenantId, keys, oldKeys, keysOf: endpointId } = delivery;
  if (secret !== null) return [ring.job(tenantId, secret)];
  return [keys, oldKeys].flatMap((sealed) => (sealed === null ? [] : [ring.endpoint(endpointId!, sealed)]));
}

function headersOf(
  delivery: ClaimedDelivery,
  keys: readonly SigningKeys[],
  { timestamp, body }: { timestamp: number; body: string },
): Record<string, string> {
  const signed = { id: delivery.webhookId, timestamp, body };
  return {
    'content-type': 'application/json',
    'user-agent': 'baton-webhooks/1',
    ...(delivery.headers === 'x-signature'
      ? xSignatureHeaders(keys, signed, delivery)
      : standardHeaders(keys, signed)),
  };
}
