import { BatonError, type ErrorCode } from '@baton/contracts';
import { BatonApiError, JobEndedError } from './baton-api.error.js';

export interface HttpOptions {
  apiKey: string;
  fetch: typeof fetch;
  /** How often a request that may go through is sent again. */
  retries: number;
  random: () => number;
}

export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/**
 * Sends requests, and sends those again that may go through: no answer, `429` and `503`, after `Retry-After` or
 * 100 ms × 2ⁿ with full jitter. Safe for submits too, since each carries an `Idempotency-Key`.
 */
export class Http {
  constructor(private readonly options: HttpOptions) {}

  /** @throws BatonApiError, JobEndedError; BatonError `unavailable` when no answer came */
  async send(url: string, call: Call): Promise<Response> {
    for (let tries = 0; ; tries++) {
      const failure = await this.once(url, call);
      if (failure instanceof Response) return failure;
      if (!failure.retryable || tries >= this.options.retries || call.signal?.aborted) throw failure;
      const ms =
        failure.retryAfterSeconds === undefined
          ? 100 * 2 ** tries * this.options.random()
          : failure.retryAfterSeconds * 1_000;
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }

  private async once(url: string, { method, body, headers, signal }: Call): Promise<Response | BatonError> {
    let response: Response;
    try {
      response = await this.options.fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${this.options.apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      });
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      return new BatonError('unavailable', `${method} ${url} got no answer`, { cause });
    }
    return response.ok || response.status === 304 ? response : problemOf(response);
  }
}

/** What a service answered instead of what was asked for. */
export async function problemOf(response: Response): Promise<BatonApiError> {
  const text = await response.text();
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  const problem = parse(text) ?? {
    code: (response.status === 503 ? 'unavailable' : 'internal') satisfies ErrorCode as ErrorCode,
    detail: `HTTP ${response.status}: ${text.slice(0, 200)}`,
    status: response.status,
    retryable: response.status >= 500,
  };
  const ended = problem.code === 'job_dead' || problem.code === 'job_cancelled';
  return new (ended ? JobEndedError : BatonApiError)(
    problem,
    Number.isNaN(retryAfter) ? undefined : retryAfter,
  );
}

function parse(text: string): BatonApiError['problem'] | undefined {
  try {
    const value = JSON.parse(text) as Partial<BatonApiError['problem']>;
    return typeof value.code === 'string' ? (value as BatonApiError['problem']) : undefined;
  } catch {
    return undefined; // No problem document, such as a proxy's own page: the caller words it.
  }
}
