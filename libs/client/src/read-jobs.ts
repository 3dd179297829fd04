import { BatonError, type JobState } from '@baton/contracts';
import { JobEndedError, WaitTimeoutError } from './baton-api.error.js';
import type { Credentials } from './credentials.js';
import { Http } from './http.js';
import { type JobEvent, type JobProgress, type JobView, viewAfter } from './job-event.js';
import { linkSignals } from './link-signals.js';
import { ServiceUrls } from './service-urls.js';
import { type ChannelName, channelNames } from './watch/channel.js';
import { ChannelLadder } from './watch/channel-ladder.js';
import type { WebSocketClass } from './watch/gateway-socket.js';
import { SocketPool } from './watch/socket-pool.js';
import { type ChannelStatus, type EventsOptions, watchJob, type Watching } from './watch/watch-job.js';

export interface ReadOptions {
  /** The result gateways' URLs, or the one of all: where results are waited for. They go on from one to the next. */
  gatewayUrl: string | readonly string[];
  /** The channels that may be taken, the best first; default: WebSocket, SSE, long-poll, poll. */
  channels?: readonly ChannelName[];
  /** Hears of each channel that opens or is lost. */
  onChannel?: (status: ChannelStatus) => void;
  /** How long a watch goes on while no gateway answers; milliseconds, default 5 minutes. */
  patienceMs?: number;
  /** How long it waits between tries, at first and at most; milliseconds, default 1 s and 60 s. */
  backoff?: { firstMs: number; mostMs: number };
  fetch?: typeof fetch;
  /** Where the platform has none of its own: Node has one from 22 on. Without one, SSE is the best channel. */
  WebSocket?: WebSocketClass;
  /** How often a request that may go through is sent again; default 5. */
  retries?: number;
  /** 0 to 1, for jitter. */
  random?: () => number;
}

export interface WaitOptions extends EventsOptions {
  /** Milliseconds; default: for ever. */
  timeoutMs?: number;
  onProgress?: (progress: JobProgress) => void;
  onEvent?: (event: JobEvent) => void;
  /** Tells the gateway that the end has come here, which cancels what is left of the job's delivery plan. */
  acknowledge?: boolean;
}

/** A file that a handler returned. */
export interface FileResult {
  file: { url: string; mediaType: string; name: string; size: number; sha256: string; expiresAt: string };
}

/** A result as the gateway answers it. */
export interface JobResult<Result = unknown> {
  id: string;
  state: JobState;
  result: Result;
  finishedAt: string;
  attempt: number;
  cursor: string;
  traceId?: string;
}

/** Reads jobs of one tenant, or the one job of a token, from the gateways. In browsers and in Node. */
export class JobReading {
  readonly http: Http;
  private readonly gateways: ServiceUrls;
  private readonly watching: Watching;
  private readonly closing = new AbortController();

  constructor(credentials: Credentials, options: ReadOptions) {
    // A browser's `fetch` must be called as a function of the window.
    const {
      fetch = (input, init) => globalThis.fetch(input, init),
      retries = 5,
      random = Math.random,
    } = options;
    const { WebSocket = globalThis.WebSocket, channels = channelNames } = options;
    const { firstMs = 1_000, mostMs = 60_000 } = options.backoff ?? {};
    this.http = new Http({ credentials, fetch, retries, random });
    this.gateways = new ServiceUrls(options.gatewayUrl);
    this.watching = {
      gateways: this.gateways,
      credentials,
      fetch,
      sockets: new SocketPool({ WebSocket, credentials }),
      ladder: new ChannelLadder(channels),
      backoff: { firstMs, mostMs, random },
      patienceMs: options.patienceMs ?? 5 * 60_000,
      onChannel: options.onChannel,
    };
  }

  /** @see watchJob */
  async *events(jobId: string, options: EventsOptions = {}): AsyncGenerator<JobEvent, void, undefined> {
    const { signal, unlink } = linkSignals(options.signal, this.closing.signal);
    try {
      yield* watchJob(jobId, { ...options, signal }, this.watching);
    } finally {
      unlink();
    }
  }

  /** @throws JobEndedError, WaitTimeoutError, BatonApiError; BatonError `unavailable`; the signal's reason */
  async wait(jobId: string, options: WaitOptions = {}): Promise<unknown> {
    const {
      timeoutMs = Number.POSITIVE_INFINITY,
      signal,
      cursor,
      onProgress,
      onEvent,
      acknowledge = false,
    } = options;
    const late = new AbortController();
    // What is longer than a timer can be is for ever.
    const timer =
      timeoutMs < 2 ** 31
        ? setTimeout(() => late.abort(new WaitTimeoutError(jobId, timeoutMs)), timeoutMs)
        : undefined;
    const linked = linkSignals(signal, late.signal);
    const until = { signal: linked.signal };
    try {
      let view: JobView = {};
      let last: JobEvent | undefined;
      for await (const event of this.events(jobId, { ...(cursor !== undefined && { cursor }), ...until })) {
        view = viewAfter(view, event);
        onEvent?.(event);
        if (event.type === 'job.progress' && view.progress) onProgress?.(view.progress);
        last = event;
      }
      const told = async (): Promise<void> => {
        if (last && acknowledge) await this.acknowledge(jobId, last.cursor, until);
      };
      const result = await this.resultAfter(jobId, last, until).catch(async (error: unknown) => {
        if (error instanceof JobEndedError) await told();
        throw error;
      });
      // Not before it is here: what is cancelled then is not delivered any more.
      await told();
      return result;
    } finally {
      clearTimeout(timer);
      linked.unlink();
    }
  }

  /** The result of a job whose last event is known. */
  private async resultAfter(
    jobId: string,
    last: JobEvent | undefined,
    options: { signal: AbortSignal },
  ): Promise<unknown> {
    if (last?.type === 'job.succeeded' && 'result' in last.data) return last.data['result'];
    // A file, a large result, an error: those are the gateway's to word.
    return (await this.result(jobId, options)).result;
  }

  /** The result, or why there is none: JobEndedError. @throws BatonApiError */
  async result(jobId: string, { signal }: { signal?: AbortSignal } = {}): Promise<JobResult> {
    const path = `/v1/results/${encodeURIComponent(jobId)}`;
    const answer = await this.http.send(this.gateways, path, { method: 'GET', signal });
    if (answer.status === 200) return JSON.parse(answer.text) as JobResult;
    throw new BatonError('state_conflict', `job ${jobId} has not ended yet; wait for it`);
  }

  async acknowledge(jobId: string, cursor: string, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    const path = `/v1/results/${encodeURIComponent(jobId)}/ack`;
    await this.http.send(this.gateways, path, { method: 'POST', body: { cursor }, signal });
  }

  get gatewayUrl(): string {
    return this.gateways.current;
  }

  close(): void {
    this.closing.abort(new BatonError('unavailable', 'the client was closed', { retryable: false }));
    this.watching.sockets.close();
  }
}
