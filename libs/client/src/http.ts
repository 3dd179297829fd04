import { BatonError, type ErrorCode } from '@baton/contracts';
import { BatonApiError, JobEndedError } from './baton-api.error.js';
import type { Credentials } from './credentials.js';
import { pause } from './pace.js';
import type { ServiceUrls } from './service-urls.js';

export interface HttpOptions {
  credentials: Credentials;
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
 * 100 ms × 2ⁿ with full jitter, to the service's next address where it has several. Safe for submits too, since each
 * carries an `Idempotency-Key`.
 */
export class Http {
  constructor(private readonly options: HttpOptions) {}

  /** @throws BatonApiError, JobEndedError; BatonError `unavailable` when no answer came; the signal's reason */
  async send(service: ServiceUrls, path: string, call: Call): Promise<Response> {
    for (let tries = 0; ; tries++) {
      const url = service.current;
      const failure = await this.once(`${url}${path}`, call);
      if (failure instanceof Response) return failure;
      if (!failure.retryable || tries >= this.options.retries) throw failure;
      if (failure.code === 'unavailable') service.failed(url);
      const ms =
        failure.retryAfterSeconds === undefined
          ? 100 * 2 ** tries * this.options.random()
          : failure.retryAfterSeconds * 1_000;
      await pause(ms, call.signal);
    }
  }

  /** The answer's body. */
  async json<Body>(service: ServiceUrls, path: string, call: Call): Promise<Body> {
    return (await (await this.send(service, path, call)).json()) as Body;
  }

  private async once(url: string, { method, body, headers, signal }: Call): Promise<Response | BatonError> {
    const bearer = await this.options.credentials.bearer();
    let response: Response;
    try {
      response = await this.options.fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${bearer}`,
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
