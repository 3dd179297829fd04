// Verifies a webhook in Node, without a package. (`@baton/client` has the same as `verifyWebhook`, for browsers too.)
import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';

const toleranceSeconds = 300;
/** What stands before the 32 bytes of an ed25519 key in a SubjectPublicKeyInfo. */
const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex');

export interface Headers {
  id: string;
  timestamp: string;
  signature: string;
}

/**
 * @param body the bytes as they came, before anything parsed them
 * @param headers `webhook-id`, `webhook-timestamp` and `webhook-signature`
 * @param keys `whsec_…` secrets and `whpk_…` public keys; several while one is being replaced
 */
export function isGenuine(
  body: Buffer,
  { id, timestamp, signature }: Headers,
  keys: readonly string[],
): boolean {
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > toleranceSeconds) return false;
  const text = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  return signature.split(' ').some((each) => {
    const [version, encoded = ''] = each.split(',');
    const given = Buffer.from(encoded, 'base64');
    return keys.some((key) => {
      const raw = Buffer.from(key.slice(key.indexOf('_') + 1), 'base64');
      if (version === 'v1' && key.startsWith('whsec_')) {
        const wanted = createHmac('sha256', raw).update(text).digest();
        return given.length === wanted.length && timingSafeEqual(given, wanted);
      }
      if (version !== 'v1a' || !key.startsWith('whpk_')) return false;
      const spki = Buffer.concat([ed25519Prefix, raw]);
      return verify(null, text, createPublicKey({ key: spki, format: 'der', type: 'spki' }), given);
    });
  });
}

// node verify-webhook.mts ID TIMESTAMP SIGNATURE KEY… <body
if (import.meta.main) {
  const [id = '', timestamp = '', signature = '', ...keys] = process.argv.slice(2);
  const body = Buffer.concat(await Array.fromAsync(process.stdin));
  const genuine = isGenuine(body, { id, timestamp, signature }, keys);
  console.log(genuine ? 'genuine' : 'not genuine');
  process.exitCode = genuine ? 0 : 1;
}
