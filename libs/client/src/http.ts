import { BatonError, type ErrorCode } from '@baton/contracts';
import { BatonApiError, JobEndedError } from './baton-api.error.js';
import type { Credentials } from './credentials.js';
import { pause } from './pace.js';
import type { ServiceUrls } from './service-urls.js';
import { timely } from './timely.js';

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

/** What a service answered, read whole. */
export interface Answer {
  status: number;
  text: string;
}

/**
 * Sends requests, and sends those again that may go through: no answer in a minute, `429` and `503`, after `Retry-After` or
 * 100 ms × 2ⁿ with full jitter, to the service's next address where it has several. Safe for submits too, since each
 * carries an `Idempotency-Key`.
 */
export class Http {
  constructor(private readonly options: HttpOptions) {}

  /** @throws BatonApiError, JobEndedError; BatonError `unavailable` when no answer came; the signal's reason */
  async send(service: ServiceUrls, path: string, call: Call): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      const url = service.current;
      const failure = await this.once(`${url}${path}`, call);
      if (!BatonError.is(failure)) return failure;
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
    return JSON.parse((await this.send(service, path, call)).text) as Body;
  }

  private async once(url: string, { method, body, headers, signal }: Call): Promise<Answer | BatonError> {
    const bearer = await this.options.credentials.bearer();
    const init = {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    try {
      return await timely(signal, async (until) => {
        const response = await this.options.fetch(url, { ...init, signal: until });
        const { ok, status } = response;
        return ok || status === 304 ? { status, text: await response.text() } : problemOf(response);
      });
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      return new BatonError('unavailable', `${method} ${url} got no answer`, { cause });
    }
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
