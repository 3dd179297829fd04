import { createHmac, hkdfSync, type KeyObject, sign } from 'node:crypto';
import { webhookHeaders, webhookSignedText } from '@baton/contracts';

/** What is signed, and when it is sent: seconds since 1970. */
export interface SignedTry {
  id: string;
  timestamp: number;
  body: string;
}

/** Keys of one secret. */
export interface SigningKey {
  /** A KeyObject where it signs often: made once, it saves most of what an HMAC costs. */
  hmac: Buffer | KeyObject;
  /** Undefined: of a secret that has no such key. */
  ed25519?: KeyObject;
}

/**
 * The headers of Standard Webhooks. All keys sign, the current ones first, each by HMAC-SHA256 (`v1`) and, where it has
 * such a key, by ed25519 (`v1a`).
 */
export function standardHeaders(
  keys: readonly SigningKey[],
  { id, timestamp, body }: SignedTry,
): Record<string, string> {
  const text = webhookSignedText(id, timestamp, body);
  const signatures = keys.flatMap(({ hmac, ed25519 }) => [
    `v1,${createHmac('sha256', hmac).update(text).digest('base64')}`,
    ...(ed25519 ? [`v1a,${sign(null, Buffer.from(text), ed25519).toString('base64')}`] : []),
  ]);
  return {
    [webhookHeaders.id]: id,
    [webhookHeaders.timestamp]: String(timestamp),
    [webhookHeaders.signature]: signatures.join(' '),
  };
}

/**
 * The secret with which the `http` handler's calls for a tenant are signed: derived from the deployment's master key, so that
 * workers which see no database have it.
 */
export function httpSigningKey(masterKey: Buffer, tenantId: string): SigningKey & { secret: string } {
  const hmac = Buffer.from(hkdfSync('sha256', masterKey, '', `baton http handler v1:${tenantId}`, 32));
  return { hmac, secret: `whsec_${hmac.toString('base64')}` };
}
