import type { Backoff, DispatchMode, JobState, PayloadOf, Priority, ResultOf } from '@baton/contracts';
import { WaitTimeoutError } from './baton-api.error.js';
import { enqueueStream, type StreamAnswer, type StreamOptions } from './enqueue-stream.js';
import type { FlowHandle, Parent, Unique } from './flow.js';
import { Http, type HttpOptions } from './http.js';

export interface ClientOptions extends Partial<Omit<HttpOptions, 'apiKey'>> {
  /** The producer's URL: where jobs are posted. */
  url: string;
  /** The result gateway's URL: where results are waited for. */
  gatewayUrl: string;
  apiKey: string;
}

type Duration = string | number;

export interface EnqueueOptions {
  orderingKey?: string;
  priority?: Priority;
  runAt?: Date;
  delay?: Duration;
  maxAttempts?: number;
  backoff?: Backoff;
  timeout?: Duration;
  /** When it should be done, from when it became due: a job that is not is told overdue. */
  expectWithin?: Duration;
  metadata?: Record<string, string>;
  /** Jobs that must be done first, by their ids, at most 1,000. */
  dependsOn?: readonly Parent[];
  unique?: Unique;
  /** Makes this submit one with every other of the same key. One is made where none is given. */
  idempotencyKey?: string;
  /** W3C trace context of the caller: the job becomes a part of that trace. */
  traceparent?: string;
  signal?: AbortSignal;
}

/** One job of a stream. */
export type StreamedJob<Queue extends string = string> = { queue: Queue; payload: PayloadOf<Queue> } & Omit<
  EnqueueOptions,
  'traceparent' | 'signal'
>;

/** One job of a flow: `dependsOn` are names in the flow. */
export type FlowJob<Queue extends string = string, Name extends string = string> = {
  name: Name;
  queue: Queue;
  payload: PayloadOf<Queue>;
} & Omit<EnqueueOptions, 'idempotencyKey' | 'traceparent' | 'signal'>;

/** A job as it was accepted. */
export interface JobHandle<Queue extends string = string> {
  id: string;
  /** It was there before, and stands for the one that was not unique. */
  existing?: boolean;
  queue: Queue;
  state: JobState;
  traceId: string;
  /** Reads this one job for 15 minutes; for browsers. */
  token: string;
  dispatchMode?: DispatchMode;
}

export interface WaitOptions {
  /** Milliseconds; default: for ever. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** A file that a handler returned. */
export interface FileResult {
  file: { url: string; mediaType: string; name: string; size: number; sha256: string; expiresAt: string };
}

const holdSeconds = 30;

/** Posts jobs and waits for their results. Needs only `fetch` and `crypto`, as browsers and Node have them. */
export class BatonClient {
  private readonly http: Http;
  private readonly httpOptions: HttpOptions;
  private readonly url: string;
  private readonly gatewayUrl: string;

  constructor({
    url,
    gatewayUrl,
    apiKey,
    fetch = globalThis.fetch,
    retries = 5,
    random = Math.random,
  }: ClientOptions) {
    this.url = url.replace(/\/$/, '');
    this.gatewayUrl = gatewayUrl.replace(/\/$/, '');
    this.httpOptions = { apiKey, fetch, retries, random };
    this.http = new Http(this.httpOptions);
  }

  /**
   * Posts a job. When it resolves, the job is kept: no crash loses it.
   * @throws BatonApiError with the service's code, such as `unknown_queue` or `payload_too_large`
   */
  async enqueue<Queue extends string>(
    queue: Queue,
    payload: PayloadOf<Queue>,
    { idempotencyKey = crypto.randomUUID(), traceparent, signal, ...job }: EnqueueOptions = {},
  ): Promise<JobHandle<Queue>> {
    const response = await this.http.send(`${this.url}/v1/jobs`, {
      method: 'POST',
      body: { queue, payload, ...job },
      headers: { 'idempotency-key': idempotencyKey, ...(traceparent ? { traceparent } : {}) },
      signal,
    });
    return (await response.json()) as JobHandle<Queue>;
  }

  /** Posts many jobs, all or none, at most 10,000. */
  async enqueueMany<Queue extends string>(
    jobs: readonly ({ queue: Queue; payload: PayloadOf<Queue> } & Omit<
      EnqueueOptions,
      'idempotencyKey' | 'traceparent' | 'signal'
    >)[],
    { idempotencyKey = crypto.randomUUID(), signal }: Pick<EnqueueOptions, 'idempotencyKey' | 'signal'> = {},
  ): Promise<{ id: string; state: JobState }[]> {
    const response = await this.http.send(`${this.url}/v1/jobs/batch`, {
      method: 'POST',
      body: { jobs },
      headers: { 'idempotency-key': idempotencyKey },
      signal,
    });
    return ((await response.json()) as { items: { id: string; state: JobState }[] }).items;
  }

  /**
   * Posts jobs that depend on each other, all or none, at most 10,000.
   * @throws BatonApiError `invalid_request`, which names the cycle or the unknown name
   */
  async enqueueFlow<Queue extends string, Name extends string>(
    jobs: readonly FlowJob<Queue, Name>[],
    {
      idempotencyKey = crypto.randomUUID(),
      traceparent,
      signal,
    }: Pick<EnqueueOptions, 'idempotencyKey' | 'traceparent' | 'signal'> = {},
  ): Promise<FlowHandle<Name>> {
    const response = await this.http.send(`${this.url}/v1/flows`, {
      method: 'POST',
      body: { jobs },
      headers: { 'idempotency-key': idempotencyKey, ...(traceparent ? { traceparent } : {}) },
      signal,
    });
    return (await response.json()) as FlowHandle<Name>;
  }

  /**
   * Posts any number of jobs as a stream, in bounded memory, and yields what became of each, in order: a million jobs from
   * a file or a query, say. A stream that breaks goes on where it was: each job has an `idempotencyKey`, made here where
   * it has none; with keys of your own, another process may go on, too. `source` is read as the answers are taken.
   * @throws BatonApiError when the stream itself is refused; BatonError `unavailable` when it cannot go on
   */
  enqueueStream<Queue extends string>(
    source: AsyncIterable<StreamedJob<Queue>> | Iterable<StreamedJob<Queue>>,
    options: StreamOptions = {},
  ): AsyncGenerator<StreamAnswer> {
    return enqueueStream(`${this.url}/v1/jobs/batch`, source, { ...this.httpOptions, ...options });
  }

  /**
   * Waits for a job's result, by long-poll.
   * @throws JobEndedError when the job is dead or cancelled; WaitTimeoutError
   */
  async wait<Queue extends string>(
    job: JobHandle<Queue> | string,
    { timeoutMs = Number.POSITIVE_INFINITY, signal }: WaitOptions = {},
  ): Promise<ResultOf<Queue>> {
    const id = typeof job === 'string' ? job : job.id;
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const left = deadline - Date.now();
      const wait = Math.max(0, Math.min(holdSeconds, Math.ceil(left / 1_000)));
      const response = await this.http.send(`${this.gatewayUrl}/v1/results/${encodeURIComponent(id)}`, {
        method: 'GET',
        headers: { prefer: `wait=${wait}` },
        signal,
      });
      const body = (await response.json()) as { result?: ResultOf<Queue> };
      if (response.status === 200) return body.result as ResultOf<Queue>;
      if (Date.now() >= deadline) throw new WaitTimeoutError(id, timeoutMs);
    }
  }

  /** The job with its attempts, as the API reads it. */
  async job(id: string): Promise<JobHandle & Record<string, unknown>> {
    const response = await this.http.send(`${this.url}/v1/jobs/${encodeURIComponent(id)}`, { method: 'GET' });
    return (await response.json()) as JobHandle & Record<string, unknown>;
  }
}
