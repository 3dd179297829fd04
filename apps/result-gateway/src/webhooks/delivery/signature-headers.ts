import { createHmac, sign } from 'node:crypto';
import { webhookHeaders, webhookSignedText, xSignedText } from '@baton/contracts';
import type { SigningKeys } from '../endpoint-keys.js';

/** What is signed, and when the try begins: seconds since 1970. */
export interface SignedTry {
  id: string;
  timestamp: number;
  body: string;
}

/**
 * The headers of Standard Webhooks. All keys sign, the current ones first, each by HMAC-SHA256 (`v1`) and, where it has
 * such a key, by ed25519 (`v1a`).
 */
export function standardHeaders(
  keys: readonly SigningKeys[],
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
 * The header set `x-signature`: `sha256=` and the hex HMAC-SHA256 of `<timestamp>.<body>`, one for each secret that is
 * good, separated by commas; and what tells repetitions: the job's id and attempt.
 */
export function xSignatureHeaders(
  keys: readonly SigningKeys[],
  { id, timestamp, body }: SignedTry,
  job: { jobId: string | null; attempt: number | null },
): Record<string, string> {
  const text = xSignedText(timestamp, body);
  const signatures = keys.map(
    ({ hmac }) => `sha256=${createHmac('sha256', hmac).update(text).digest('hex')}`,
  );
  return {
    'x-signature': signatures.join(','),
    'x-idempotency-key': job.jobId === null ? id : `${job.jobId}-${job.attempt}`,
    'x-timestamp': String(timestamp),
  };
}
