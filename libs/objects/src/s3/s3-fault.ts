import { S3ServiceException } from '@aws-sdk/client-s3';
import { BatonError } from '@baton/contracts';

export function isMissing(error: unknown): boolean {
  return (
    error instanceof S3ServiceException &&
    error.$metadata.httpStatusCode === 404 &&
    error.name !== 'NoSuchBucket'
  );
}

/**
 * The error as its callers know it: `unavailable` for all that the store answers or does not answer, since what it refuses
 * is refused by its settings, which an operator mends without a restart of anything.
 * @param signal of whoever ended the request: its reason is the error then
 */
export function faultOf(error: unknown, what: string, signal?: AbortSignal): Error {
  if (signal?.aborted) return signal.reason as Error;
  if (BatonError.is(error)) return error;
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  const answer = $metadata?.httpStatusCode;
  const why = answer === undefined ? `S3 is not reachable: ${message}` : `S3 answered ${answer} ${name}`;
  return new BatonError('unavailable', `${what}: ${why}`, { cause: error, retryAfterSeconds: 5 });
}
