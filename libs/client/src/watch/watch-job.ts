import { BatonError } from '@baton/contracts';
import type { Credentials } from '../credentials.js';
import { isBeyond, isEnd, type JobEvent } from '../job-event.js';
import { type Backoff, backoffMs, pause } from '../pace.js';
import type { ServiceUrls } from '../service-urls.js';
import type { Channel, ChannelName } from './channel.js';
import { ChannelBreak } from './channel-break.js';
import type { ChannelLadder } from './channel-ladder.js';
import { longPollChannel, pollChannel } from './poll.channel.js';
import type { SocketPool } from './socket-pool.js';
import { sseChannel } from './sse.channel.js';
import { websocketChannel } from './websocket.channel.js';

/** On which way a watch is, for those who show or count it. */
export interface ChannelStatus {
  jobId: string;
  channel: ChannelName;
  gateway: string;
  /** `failed`: it did not open. */
  status: 'open' | 'lost' | 'failed';
  /** Why it was lost, or failed. */
  reason?: string;
}

export interface Watching {
  gateways: ServiceUrls;
  credentials: Credentials;
  fetch: typeof fetch;
  sockets: SocketPool;
  ladder: ChannelLadder;
  backoff: Backoff;
  /** How long no gateway may answer before a watch gives up; milliseconds. */
  patienceMs: number;
  onChannel: ((status: ChannelStatus) => void) | undefined;
}

export interface EventsOptions {
  /** Of the last event that the caller has; default: from the beginning. */
  cursor?: string;
  signal?: AbortSignal;
}

const channels: Record<ChannelName, Channel> = {
  websocket: websocketChannel,
  sse: sseChannel,
  'long-poll': longPollChannel,
  poll: pollChannel,
};

/** A channel that breaks so often in a row without a word is no good here. */
const mostBreaks = 3;
/** One that held so long has shown that it works. */
const provenMs = 5_000;

/**
 * A job's events after a cursor, each once, in order, without a gap, until the one that ended it: by the best channel
 * that works, from a gateway that answers. What breaks is gone on with from the cursor of the last event told.
 * @throws BatonApiError `not_found`, `unauthenticated` …; BatonError `unavailable` when no gateway answers for long; the
 *   signal's reason
 */
export async function* watchJob(
  jobId: string,
  { cursor, signal }: EventsOptions,
  watching: Watching,
): AsyncGenerator<JobEvent, void, undefined> {
  const { gateways, ladder } = watching;
  const troubles = new Troubles(watching);
  for (let place = cursor; ;) {
    signal?.throwIfAborted();
    const gateway = gateways.current;
    const channel = ladder.best();
    const tell = (status: ChannelStatus['status'], reason?: string): void =>
      watching.onChannel?.({ jobId, channel, gateway, status, ...(reason !== undefined && { reason }) });
    let opened = false;
    const onOpen = (): void => {
      if (opened) return;
      opened = true;
      troubles.answered();
      tell('open');
    };
    const began = Date.now();
    try {
      for await (const event of channels[channel]({
        ...watching,
        gateway,
        jobId,
        cursor: place,
        signal,
        random: watching.backoff.random,
        onOpen,
      })) {
        if (!isBeyond(event, place)) continue;
        place = event.cursor;
        troubles.over();
        yield event;
        if (isEnd(event)) return;
      }
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof ChannelBreak)) throw error;
      if (opened && Date.now() - began >= provenMs) troubles.over();
      tell(opened ? 'lost' : 'failed', error.message);
      const ms = troubles.after(error, { channel, gateway });
      if (ms > 0) await pause(ms, signal);
    }
  }
}

/** What went wrong since the last event, and what to do about it. */
class Troubles {
  private breaks = 0;
  private unauthenticated = 0;
  private answeredMs = Date.now();

  constructor(private readonly watching: Watching) {}

  answered(): void {
    this.answeredMs = Date.now();
  }

  /** All is well again. */
  over(): void {
    this.breaks = this.unauthenticated = 0;
    this.answered();
  }

  /** @returns milliseconds to wait before the next try @throws where there is no use in one */
  after(trouble: ChannelBreak, { channel, gateway }: { channel: ChannelName; gateway: string }): number {
    const { gateways, ladder, credentials, backoff, patienceMs } = this.watching;
    if (trouble.kind === 'unauthenticated') {
      const { bearer } = trouble.options;
      // A second refusal in a row is of a token that was just made.
      if (this.unauthenticated++ > 0 || bearer === undefined || !credentials.refused(bearer))
        throw BatonError.is(trouble.cause)
          ? trouble.cause
          : new BatonError('unauthenticated', trouble.message, { cause: trouble });
      return 0;
    }
    if (trouble.kind === 'unsupported' && ladder.failed(channel)) return 0;
    gateways.failed(gateway);
    // That nobody answers, on any channel, tells nothing about channels.
    if (trouble.kind === 'broken') this.answered();
    else ladder.forgive();
    this.breaks++;
    if (Date.now() - this.answeredMs > patienceMs)
      throw new BatonError(
        'unavailable',
        `no gateway has answered for ${Math.round((Date.now() - this.answeredMs) / 1_000)} s, ${gateway} neither; in a browser, its ALLOWED_ORIGINS must have this page's origin`,
        { cause: trouble },
      );
    if (trouble.kind === 'broken' && this.breaks % mostBreaks === 0) ladder.failed(channel);
    return trouble.options.afterMs ?? backoffMs(this.breaks, backoff);
  }
}
