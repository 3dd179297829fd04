import { type EventCursor, formatCursor } from '@baton/contracts';
import { adviceHeader, type EventTail, type KeyHolds, type Watch, type WatchedPage } from '@baton/results';
import { type Caller, holderOf } from '@baton/service';
import { channelConnections } from '@baton/tracing';
import type { FastifyReply } from 'fastify';
import type { Acknowledgements } from './acknowledgements.js';
import { idleAdvice } from './idle-advice.js';
import { recordTold } from './record-told.js';
import { SlowConsumerError, SseWriter } from './sse-writer.js';

export interface EventStreamOptions {
  tail: EventTail;
  holds: KeyHolds;
  acknowledgements: Acknowledgements;
  /** A client was cut. */
  log: (message: string, fields: Record<string, unknown>) => void;
  /** Milliseconds. */
  heartbeatMs?: number;
  slowMs?: number;
  /** The longest that one connection lasts; then the client comes again. */
  lifeMs?: number;
}

/** Clients come again this far apart from each other, so that a gateway's restart brings no stampede; milliseconds. */
const comeAgainMs = { least: 500, spread: 2_500 };

interface Stream {
  watch: Watch;
  writer: SseWriter;
  signal: AbortSignal;
  untilMs: number;
  /** What the client was last told about its waiting. */
  advised: string | undefined;
}

/**
 * Jobs' events as Server-Sent Events. A stream ends: after the event that ends its job; when its time or its client's
 * token is over, or the service drains, with a word to come again; when its client does not read.
 */
export class EventStreams {
  private readonly heartbeatMs: number;
  private readonly slowMs: number;
  private readonly lifeMs: number;

  constructor(private readonly options: EventStreamOptions) {
    this.heartbeatMs = options.heartbeatMs ?? 15_000;
    this.slowMs = options.slowMs ?? 10_000;
    this.lifeMs = options.lifeMs ?? 15 * 60_000;
  }

  /**
   * Resolves when the stream is open, not when it ends: a request that waited for it would keep all that served it.
   * @throws BatonError `not_found`, `too_many_waiting`, `unavailable`, before anything is sent
   */
  async serve(
    jobId: string,
    { after, caller, reply }: { after: EventCursor | undefined; caller: Caller; reply: FastifyReply },
  ): Promise<void> {
    const giveBack = this.options.holds.take(holderOf(caller));
    const watch = this.options.tail.watch(jobId, { tenantId: caller.tenantId, after });
    const close = (): void => {
      watch.close();
      giveBack();
    };
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    try {
      const { signal } = gone;
      const first = await watch.next({ ms: 0, signal });
      if (first.terminal && first.events.length === 0) {
        const { tenantId } = caller;
        if (after)
          await this.options.acknowledgements.tell({ tenantId, jobId, cursor: after, channel: 'sse' });
        // What stops a browser's EventSource from coming again and again.
        void reply.code(204).send();
        return close();
      }
      const advised = idleAdvice(first.row, Date.now());
      if (advised !== undefined) void reply.header(adviceHeader, advised);
      const writer = SseWriter.open(reply, { slowMs: this.slowMs });
      const stream: Stream = { watch, writer, signal, untilMs: this.untilOf(caller), advised };
      void this.follow(stream, this.begin(stream, first)).finally(close);
    } catch (error) {
      close();
      throw error;
    }
  }

  private async begin(stream: Stream, first: WatchedPage): Promise<boolean> {
    await stream.writer.retry(this.comeAgainMs());
    return this.tell(stream, first);
  }

  /** Fails never. @param ended whether the first page was the last */
  private async follow(stream: Stream, ended: Promise<boolean>): Promise<void> {
    const { watch, writer, signal, untilMs } = stream;
    const open = channelConnections.labels('sse');
    open.inc();
    const heartbeat = setInterval(() => writer.heartbeat(), this.heartbeatMs);
    try {
      // Each page is told apart, so that none is kept while nothing comes.
      for (let isOver = await ended; !isOver; isOver = await this.tellNext(stream))
        await watch.news({ ms: Math.max(0, untilMs - Date.now()), signal });
    } catch (error) {
      // The head is sent: a stream that cannot go on is cut, and its client comes again with its cursor.
      const message = error instanceof SlowConsumerError ? 'a stream was cut' : 'a stream broke';
      this.options.log(message, { jobId: watch.jobId, err: error });
    } finally {
      clearInterval(heartbeat);
      open.dec();
      writer.end();
    }
  }

  private async tellNext(stream: Stream): Promise<boolean> {
    return this.tell(stream, await stream.watch.next({ ms: 0, signal: stream.signal }));
  }

  /** @returns whether it was the last page */
  private async tell(stream: Stream, page: WatchedPage): Promise<boolean> {
    const { writer, signal, untilMs } = stream;
    for (const event of page.events) await writer.event({ id: event.cursor, type: event.type, data: event });
    const advice = idleAdvice(page.row, Date.now());
    if (advice !== undefined && advice !== stream.advised) await writer.comment(advice);
    stream.advised = advice;
    if (page.terminal) recordTold(page, 'sse');
    if (page.terminal || signal.aborted) return true;
    if (!this.options.tail.drained && Date.now() < untilMs) return false;
    await writer.event({ type: 'reconnect', data: { cursor: formatCursor(page.cursor) } });
    return true;
  }

  private untilOf(caller: Caller): number {
    const life = Date.now() + this.lifeMs * (0.85 + 0.15 * Math.random());
    return caller.kind === 'job' ? Math.min(life, caller.expiresAtMs) : life;
  }

  private comeAgainMs(): number {
    return comeAgainMs.least + comeAgainMs.spread * Math.random();
  }
}
