import { createHmac } from 'node:crypto';
import { endEventTypes, xSignedText } from '@baton/contracts';
import { type SignedTry, type SigningKey, standardHeaders } from '@baton/service/egress';

export { type SignedTry, standardHeaders };

/**
 * The header set `x-signature`: `sha256=` and the hex HMAC-SHA256 of `<timestamp>.<body>`, one for each secret that is
 * good, separated by commas; and what tells repetitions: of a job's end its id and attempt, of all else the `webhook-id`, since
 * an attempt has one end and may have other events beside it.
 */
export function xSignatureHeaders(
  keys: readonly SigningKey[],
  { id, timestamp, body }: SignedTry,
  { jobId, attempt, type }: { jobId: string | null; attempt: number | null; type: string },
): Record<string, string> {
  const text = xSignedText(timestamp, body);
  const signatures = keys.map(
    ({ hmac }) => `sha256=${createHmac('sha256', hmac).update(text).digest('hex')}`,
  );
  return {
    'x-signature': signatures.join(','),
    'x-idempotency-key': endEventTypes.some((end) => end === type) ? `${jobId}-${attempt}` : id,
    'x-timestamp': String(timestamp),
  };
}
