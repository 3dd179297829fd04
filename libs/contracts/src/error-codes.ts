/**
 * Every error code that Baton answers or records, with its HTTP status, title and whether the same
 * request may succeed when repeated unchanged. `docs/errors.md` explains each; a test compares the two.
 */
export const errorCodes = {
  unauthenticated: { status: 401, retryable: false, title: 'No valid API key or job token was given' },
  scope_missing: { status: 403, retryable: false, title: 'The API key lacks a scope' },
  not_found: { status: 404, retryable: false, title: 'There is no such thing here' },
  unknown_queue: { status: 404, retryable: false, title: 'No queue has this name' },
  invalid_json: { status: 400, retryable: false, title: 'The body is not valid JSON' },
  invalid_request: { status: 400, retryable: false, title: 'The request is not valid' },
  unsupported_media_type: { status: 415, retryable: false, title: 'The content type is not supported' },
  payload_too_large: { status: 413, retryable: false, title: 'The payload is too large' },
  idempotency_in_progress: {
    status: 409,
    retryable: true,
    title: 'A request with this Idempotency-Key is being answered',
  },
  idempotency_mismatch: {
    status: 422,
    retryable: false,
    title: 'The Idempotency-Key was used with another body',
  },
  state_conflict: { status: 409, retryable: false, title: 'The job is in a state that does not allow this' },
  unique_conflict: { status: 409, retryable: false, title: 'A job of the same uniqueness is there' },
  payload_invalid: { status: 422, retryable: false, title: "The payload does not fit the queue's schema" },
  job_dead: { status: 409, retryable: false, title: 'The job has failed for good' },
  job_cancelled: { status: 409, retryable: false, title: 'The job was cancelled' },
  queue_backlogged: { status: 429, retryable: true, title: 'The queue has reached its backlog limit' },
  rate_limited: { status: 429, retryable: true, title: 'Too many requests' },
  too_many_waiting: { status: 429, retryable: true, title: 'Too many requests are being held for this key' },
  result_expired: { status: 410, retryable: false, title: 'The result is past its retention' },
  needs_objects: {
    status: 422,
    retryable: false,
    title: 'This needs S3, which the deployment does not have',
  },
  unavailable: { status: 503, retryable: true, title: 'A dependency is not available' },
  internal: { status: 500, retryable: true, title: 'Baton failed' },

  // On attempts and dead jobs; answered as a part of a job, never as a status of their own.
  handler_error: { status: 500, retryable: true, title: 'The handler threw an error' },
  handler_fatal: { status: 500, retryable: false, title: 'The handler said that no retry can help' },
  timeout: { status: 504, retryable: true, title: 'The attempt ran longer than its timeout' },
  worker_lost: { status: 500, retryable: true, title: 'The worker went away while it ran the attempt' },
  crash_loop: {
    status: 500,
    retryable: false,
    title: 'The job has ended its worker process again and again',
  },
  parent_failed: { status: 500, retryable: false, title: 'A job that it depends on did not succeed' },
  undecodable: { status: 500, retryable: false, title: 'The record could not be decoded' },
  refused_by_broker: { status: 500, retryable: false, title: 'The broker refused the record for good' },
  result_not_storable: { status: 500, retryable: false, title: 'The result cannot be stored' },
} as const satisfies Record<string, { status: number; retryable: boolean; title: string }>;

export type ErrorCode = keyof typeof errorCodes;
