import { createHmac } from 'node:crypto';
import { xSignedText } from '@baton/contracts';
import { type SignedTry, type SigningKey, standardHeaders } from '@baton/service/egress';

export { type SignedTry, standardHeaders };

/**
 * The header set `x-signature`: `sha256=` and the hex HMAC-SHA256 of `<timestamp>.<body>`, one for each secret that is
 * good, separated by commas; and what tells repetitions: the job's id and attempt.
 */
export function xSignatureHeaders(
  keys: readonly SigningKey[],
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
