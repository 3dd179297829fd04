import type { JobState, PayloadOf, ResultOf } from '@baton/contracts';
import { KeyCredentials } from './credentials.js';
import type {
  BatchHandle,
  BatchJob,
  EnqueueOptions,
  FlowJob,
  JobHandle,
  PostOptions,
  StreamedJob,
} from './enqueue-options.js';
import { enqueueStream, type StreamAnswer, type StreamOptions } from './enqueue-stream.js';
import type { Flow, FlowHandle } from './flow.js';
import type { HttpOptions } from './http.js';
import type { JobEvent } from './job-event.js';
import { JobReading, type JobResult, type ReadOptions, type WaitOptions } from './read-jobs.js';
import { ServiceUrls } from './service-urls.js';
import type { EventsOptions } from './watch/watch-job.js';

export interface ClientOptions extends ReadOptions {
  /** The producer's URL, or those of its replicas: where jobs are posted. */
  url: string | readonly string[];
  apiKey: string;
}

/** A job, or its id. */
type JobRef<Queue extends string = string> = Pick<JobHandle<Queue>, 'id' | 'queue'> | string;

/** A job as the API reads it; its fields are in docs/api.md. */
export type JobRead = { id: string; queue: string; state: JobState; cursor: string } & Record<
  string,
  unknown
>;

/**
 * Posts jobs, watches them and takes their results, with an API key, which no browser should hold: there, see JobReader.
 * Needs only `fetch`, `crypto` and, for the best channel, `WebSocket`.
 */
export class BatonClient {
  private readonly producer: ServiceUrls;
  private readonly reading: JobReading;
  private readonly streaming: HttpOptions;

  constructor({ url, apiKey, ...options }: ClientOptions) {
    const credentials = new KeyCredentials(apiKey);
    this.producer = new ServiceUrls(url);
    this.reading = new JobReading(credentials, options);
    const { fetch = globalThis.fetch, retries = 5, random = Math.random } = options;
    this.streaming = { credentials, fetch, retries, random };
  }

  /**
   * Posts a job. When it resolves, the job is kept: no crash loses it.
   * @throws BatonApiError with the service's code, such as `unknown_queue` or `payload_too_large`
   */
  enqueue<Queue extends string>(
    queue: Queue,
    payload: PayloadOf<Queue>,
    { idempotencyKey, traceparent, signal, ...job }: EnqueueOptions = {},
  ): Promise<JobHandle<Queue>> {
    return this.post('/v1/jobs', { queue, payload, ...job }, { idempotencyKey, traceparent, signal });
  }

  /**
   * Posts many jobs, all or none, at most 10,000.
   * @param options.callback a job that runs when all of them have ended, however they did
   */
  enqueueMany<Queue extends string, Callback extends string = string>(
    jobs: readonly BatchJob<Queue>[],
    { callback, ...options }: PostOptions & { callback?: BatchJob<Callback> } = {},
  ): Promise<BatchHandle> {
    return this.post('/v1/jobs/batch', { jobs, ...(callback && { callback }) }, options);
  }

  /**
   * Posts jobs that depend on each other, all or none, at most 10,000.
   * @throws BatonApiError `invalid_request`, which names the cycle or the unknown name
   */
  enqueueFlow<Queue extends string, Name extends string>(
    jobs: readonly FlowJob<Queue, Name>[],
    options: PostOptions = {},
  ): Promise<FlowHandle<Name>> {
    return this.post('/v1/flows', { jobs }, options);
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
    return enqueueStream(`${this.producer.current}/v1/jobs/batch`, source, { ...this.streaming, ...options });
  }

  /**
   * Waits for a job's result by the best channel that works, through broken connections and gateways that end.
   * @throws JobEndedError when the job is dead or cancelled; WaitTimeoutError; what `events` throws
   */
  async wait<Queue extends string>(job: JobRef<Queue>, options?: WaitOptions): Promise<ResultOf<Queue>> {
    return (await this.reading.wait(idOf(job), options)) as ResultOf<Queue>;
  }

  /**
   * What happens to a job, each event once, in order, from the cursor on, until the one that ends it.
   * @throws BatonApiError; BatonError `unavailable` when no gateway answers for long; the signal's reason
   */
  events(job: JobRef, options?: EventsOptions): AsyncGenerator<JobEvent, void, undefined> {
    return this.reading.events(idOf(job), options);
  }

  /** The result of a job that has ended. @throws JobEndedError; BatonError `state_conflict` of one that has not */
  async result<Queue extends string>(job: JobRef<Queue>): Promise<JobResult<ResultOf<Queue>>> {
    return (await this.reading.result(idOf(job))) as JobResult<ResultOf<Queue>>;
  }

  /** Tells that the job's end has come here: what is left of its delivery plan is cancelled. */
  acknowledge(job: JobRef, cursor: string): Promise<void> {
    return this.reading.acknowledge(idOf(job), cursor);
  }

  /** The job with its attempts, as the API reads it. */
  job(id: string): Promise<JobRead> {
    return this.read(`/v1/jobs/${encodeURIComponent(id)}`);
  }

  /** A flow with its jobs. */
  flow<Name extends string = string>(flow: FlowHandle<Name> | string): Promise<Flow<Name>> {
    return this.read(`/v1/flows/${encodeURIComponent(typeof flow === 'string' ? flow : flow.id)}`);
  }

  /**
   * Cancels a job: at once where no worker has it; else its handler is told, and `cancelRequested` is set.
   * @throws BatonApiError `state_conflict` when it has ended
   */
  cancel(job: JobRef, { reason, signal }: { reason?: string; signal?: AbortSignal } = {}): Promise<JobRead> {
    const path = `/v1/jobs/${encodeURIComponent(idOf(job))}/cancel`;
    const body = reason === undefined ? {} : { reason };
    return this.reading.http.json(this.producer, path, { method: 'POST', body, signal });
  }

  /** A fresh token that reads this one job for 15 minutes: for a browser that asks you for one. */
  token(job: JobRef): Promise<{ token: string; expiresAt: string }> {
    const path = `/v1/jobs/${encodeURIComponent(idOf(job))}/token`;
    return this.reading.http.json(this.producer, path, { method: 'POST' });
  }

  /** Ends the connections; watches under way end with an error. One that watches nothing ends by itself in a second. */
  close(): void {
    this.reading.close();
  }

  private read<Body>(path: string): Promise<Body> {
    return this.reading.http.json(this.producer, path, { method: 'GET' });
  }

  private post<Body>(
    path: string,
    body: unknown,
    {
      idempotencyKey = crypto.randomUUID(),
      traceparent,
      signal,
    }: { [Key in keyof PostOptions]: PostOptions[Key] | undefined },
  ): Promise<Body> {
    const headers = { 'idempotency-key': idempotencyKey, ...(traceparent !== undefined && { traceparent }) };
    return this.reading.http.json(this.producer, path, { method: 'POST', body, headers, signal });
  }
}

function idOf(job: JobRef): string {
  return typeof job === 'string' ? job : job.id;
}
