import { BatonError, type ErrorCode, type FieldError } from '@baton/contracts';

/** What a service answered instead of what was asked for: its problem (RFC 9457), as an error. */
export class BatonApiError extends BatonError {
  constructor(
    readonly problem: {
      code: ErrorCode;
      detail: string;
      status: number;
      retryable: boolean;
      trace_id?: string;
      errors?: FieldError[];
    },
    retryAfterSeconds?: number,
  ) {
    super(problem.code, problem.detail, {
      retryable: problem.retryable,
      ...(problem.errors ? { errors: problem.errors } : {}),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    });
  }
}

/** The job has ended, and not well: `code` is `job_dead` or `job_cancelled`, the message says why. */
export class JobEndedError extends BatonApiError {}

/** The job was not finished in the time that the caller was willing to wait; it goes on. */
export class WaitTimeoutError extends BatonError {
  constructor(jobId: string, timeoutMs: number) {
    super(
      'timeout',
      `job ${jobId} was not finished within ${timeoutMs} ms; it goes on, and may be waited for again`,
    );
  }
}
