import type { ResultOf } from '@baton/contracts';
import { TokenCredentials } from './credentials.js';
import { problemOf } from './http.js';
import type { JobEvent } from './job-event.js';
import { JobReading, type JobResult, type ReadOptions, type WaitOptions } from './read-jobs.js';
import { ServiceUrls } from './service-urls.js';
import { timely } from './timely.js';
import type { EventsOptions } from './watch/watch-job.js';

export interface JobReaderOptions extends ReadOptions {
  id: string;
  /** The job's token, as `POST /v1/jobs` answered it. */
  token: string;
  /** The producer's URL, where the token is exchanged for a fresh one before it is over. */
  url?: string | readonly string[];
  /** Gets a fresh token another way, such as from your own server; it helps also when the old one is over. */
  refreshToken?: (token: string) => Promise<string>;
}

/**
 * Reads one job by its token: its events, its progress, its result. For browsers, which hold no API key.
 * Without `url` and `refreshToken` it reads as long as the token lasts.
 */
export class JobReader<Queue extends string = string> {
  readonly id: string;
  private readonly credentials: TokenCredentials;
  private readonly reading: JobReading;
  private readonly producer: ServiceUrls | undefined;

  constructor({ id, token, url, refreshToken, ...options }: JobReaderOptions) {
    this.id = id;
    this.producer = url === undefined ? undefined : new ServiceUrls(url);
    const exchange = this.producer && ((old: string): Promise<string> => this.exchange(old, options.fetch));
    this.credentials = new TokenCredentials(token, refreshToken ?? exchange);
    this.reading = new JobReading(this.credentials, options);
  }

  /**
   * What happens to the job, each event once, in order, from the cursor on, until its end; see docs/client.md.
   * @throws BatonApiError, BatonError `unavailable`, the signal's reason
   */
  events(options?: EventsOptions): AsyncGenerator<JobEvent, void, undefined> {
    return this.reading.events(this.id, options);
  }

  /** @throws JobEndedError when the job is dead or cancelled; WaitTimeoutError; what `events` throws */
  async wait(options?: WaitOptions): Promise<ResultOf<Queue>> {
    return (await this.reading.wait(this.id, options)) as ResultOf<Queue>;
  }

  /** The result of a job that has ended; of a file, with a fresh signed link. */
  async result(options?: { signal?: AbortSignal }): Promise<JobResult<ResultOf<Queue>>> {
    return (await this.reading.result(this.id, options)) as JobResult<ResultOf<Queue>>;
  }

  /** Tells that the job's end has come here: what is left of its delivery plan is cancelled. */
  acknowledge(cursor: string): Promise<void> {
    return this.reading.acknowledge(this.id, cursor);
  }

  /** Goes on with a token that came from elsewhere. */
  useToken(token: string): void {
    this.credentials.use(token);
  }

  /**
   * Puts the token into an HttpOnly cookie of the gateway, for an EventSource of your own (`withCredentials`), which can
   * send no header. Nothing here needs it.
   */
  async openSession(): Promise<void> {
    const bearer = await this.credentials.bearer();
    const answer = await fetch(`${this.reading.gatewayUrl}/v1/stream-session`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}` },
      credentials: 'include',
    });
    if (!answer.ok) throw await problemOf(answer);
  }

  /** Ends its connections; watches under way end with an error. */
  close(): void {
    this.reading.close();
  }

  private async exchange(token: string, fetcher: typeof fetch = fetch): Promise<string> {
    const base = this.producer!.current;
    const url = `${base}/v1/jobs/${encodeURIComponent(this.id)}/token`;
    const headers = { authorization: `Bearer ${token}` };
    return timely(undefined, async (signal) => {
      const answer = await fetcher(url, { method: 'POST', headers, signal }).catch((error: unknown) => {
        this.producer!.failed(base);
        throw error;
      });
      if (!answer.ok) throw await problemOf(answer);
      return ((await answer.json()) as { token: string }).token;
    });
  }
}
