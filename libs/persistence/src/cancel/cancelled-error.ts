import type { JobFailure } from '../settle/settlement.js';

/** The error of a cancelled job. @param reason as whoever cancelled it gave it */
export function cancelledError(reason: string | null | undefined): JobFailure {
  return { code: 'job_cancelled', message: reason ?? 'the job was cancelled', retryable: false };
}
