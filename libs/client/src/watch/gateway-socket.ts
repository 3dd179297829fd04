import { errorCodes, type ErrorCode, limits } from '@baton/contracts';
import { BatonApiError } from '../baton-api.error.js';
import type { Credentials } from '../credentials.js';
import type { JobEvent } from '../job-event.js';
import { bearerOf } from './bearer.js';
import { ChannelBreak } from './channel-break.js';
import { EventQueue } from './event-queue.js';

export type WebSocketClass = typeof WebSocket;

/** Milliseconds. */
const openWithin = 5_000;
/** How long a socket that watches nothing is kept for the next one. */
const lingerMs = 1_000;
/** The gateway's own pings are hidden from scripts: after this silence it is asked for a word, which must come in time. */
const silentMs = 40_000;
const answerMs = 10_000;
/** Its answer says nothing: nothing has this name. */
const probe = 'probe';

/** Why the gateway closes a socket (docs/results.md), where it tells what to do. */
const refusals: Readonly<Record<number, ChannelBreak['kind']>> = {
  3005: 'unauthenticated',
  3500: 'unauthenticated',
  3501: 'unsupported',
  3504: 'unsupported',
  1003: 'unsupported',
  1007: 'unsupported',
  1009: 'unsupported',
};

interface Message {
  authenticated?: true;
  subscribed?: string;
  terminal?: boolean;
  events?: JobEvent[];
  unsubscribed?: string;
  job?: string;
  error?: { code: ErrorCode; message: string };
  subscribe?: string;
}

interface Watched {
  queue: EventQueue;
  onOpen: () => void;
  /** Nobody takes its events any more; the gateway has yet to confirm it. */
  leaving: boolean;
}

/**
 * One socket to one gateway, with all jobs that are watched over it. opening → open → closed, for good; it closes by
 * itself when it has watched nothing for a second. Each job has one watcher at a time.
 */
export class GatewaySocket {
  private readonly socket: WebSocket;
  private readonly watched = new Map<string, Watched>();
  /** Jobs that are subscribed to once it is open, with their cursors. */
  private readonly pending = new Map<string, string | undefined>();
  private opened = false;
  private authenticated = false;
  private bearer: string | undefined;
  private refusal: { code: ErrorCode; message: string } | undefined;
  private lingering: ReturnType<typeof setTimeout> | undefined;
  private renewal: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  closed = false;

  constructor(
    readonly gateway: string,
    private readonly options: {
      WebSocket: WebSocketClass;
      credentials: Credentials;
      onClose: () => void;
    },
  ) {
    this.socket = new options.WebSocket(`${gateway.replace(/^http/, 'ws')}/v1/stream`, 'baton.v1');
    this.expect(openWithin);
    this.socket.onopen = () => void this.greet();
    this.socket.onmessage = ({ data }) => this.take(String(data));
    this.socket.onclose = ({ code, reason }) => this.end(this.breakOf(code, reason));
    this.socket.onerror = () => undefined; // the close that follows says as much
  }

  hasRoomFor(jobId: string): boolean {
    return !this.closed && this.watched.size < limits.subscriptions && !this.watched.has(jobId);
  }

  watch(
    jobId: string,
    cursor: string | undefined,
    onOpen: () => void,
  ): { queue: EventQueue; leave: () => void } {
    clearTimeout(this.lingering);
    const watched: Watched = { queue: new EventQueue(), onOpen, leaving: false };
    this.watched.set(jobId, watched);
    if (this.opened) this.subscribe(jobId, cursor);
    else this.pending.set(jobId, cursor);
    return { queue: watched.queue, leave: () => this.leave(jobId, watched) };
  }

  close(): void {
    this.socket.close(1000);
    this.end(new ChannelBreak('broken', 'the client was closed'));
  }

  private async greet(): Promise<void> {
    try {
      await this.showToken();
    } catch (error) {
      return this.fail(error as Error);
    }
    if (this.closed) return;
    this.opened = true;
    for (const [jobId, cursor] of this.pending) this.subscribe(jobId, cursor);
    this.pending.clear();
  }

  /** Shows the token, and a fresh one before it is over. */
  private async showToken(): Promise<void> {
    const { credentials } = this.options;
    this.bearer = await bearerOf(credentials);
    this.send({ token: this.bearer });
    const { renewAtMs } = credentials;
    if (renewAtMs === undefined || this.closed) return;
    // Where nobody can renew it, the gateway closes the socket when it is over.
    const again = (): void => void this.showToken().catch((error: Error) => this.fail(error));
    this.renewal = setTimeout(again, Math.max(1_000, renewAtMs - Date.now()));
  }

  private take(text: string): void {
    if (this.closed) return;
    this.expect(silentMs);
    const message = JSON.parse(text) as Message;
    if (message.authenticated) this.authenticated = true;
    else if (message.unsubscribed !== undefined) this.left(jobOf(message.unsubscribed));
    else if (message.subscribed !== undefined)
      this.told(jobOf(message.subscribed), message.events ?? [], message);
    else if (message.job !== undefined) this.told(message.job, [message as unknown as JobEvent], {});
    else if (message.error) this.refused(message.error, message.subscribe);
  }

  private told(jobId: string, events: readonly JobEvent[], { subscribed, terminal }: Message): void {
    const watched = this.watched.get(jobId);
    if (!watched || watched.leaving) return;
    if (subscribed !== undefined) watched.onOpen();
    if (!watched.queue.put(events)) {
      watched.queue.close(new ChannelBreak('broken', 'events were not taken in time', { afterMs: 0 }));
      return this.leave(jobId, watched);
    }
    if (terminal && events.length === 0) {
      watched.queue.close();
      this.left(jobId);
    }
  }

  private refused(error: { code: ErrorCode; message: string }, name: string | undefined): void {
    if (name === undefined) {
      if (!this.authenticated) this.refusal = error;
      return;
    }
    const jobId = jobOf(name);
    const { code, message } = error;
    const passing = code === 'unavailable' || code === 'internal' || code === 'invalid_request';
    const kind = code === 'too_many_waiting' ? 'unsupported' : passing ? 'broken' : undefined;
    this.watched.get(jobId)?.queue.close(kind ? new ChannelBreak(kind, message) : apiErrorOf(error));
    this.left(jobId);
  }

  private leave(jobId: string, watched: Watched): void {
    if (watched.leaving || this.watched.get(jobId) !== watched) return;
    watched.leaving = true;
    if (this.opened) this.send({ unsubscribe: `job:${jobId}` });
    else if (this.pending.delete(jobId)) return this.left(jobId);
    this.lingerWhenIdle();
  }

  private left(jobId: string): void {
    this.watched.delete(jobId);
    this.lingerWhenIdle();
  }

  private lingerWhenIdle(): void {
    clearTimeout(this.lingering);
    if (this.closed || [...this.watched.values()].some(({ leaving }) => !leaving)) return;
    this.lingering = setTimeout(() => this.close(), lingerMs);
  }

  private subscribe(jobId: string, cursor: string | undefined): void {
    this.send({ subscribe: `job:${jobId}`, ...(cursor !== undefined && { cursor }) });
  }

  private send(message: object): void {
    if (!this.closed && this.socket.readyState === this.options.WebSocket.OPEN)
      this.socket.send(JSON.stringify(message));
  }

  /** A word must come within `ms`; an open socket is asked for one first. */
  private expect(ms: number, asked = false): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      if (!this.opened) return this.fail(new ChannelBreak('unsupported', 'no WebSocket opened in time'));
      if (asked) return this.fail(new ChannelBreak('broken', `the gateway said nothing for ${silentMs} ms`));
      this.send({ unsubscribe: probe });
      this.expect(answerMs, true);
    }, ms);
  }

  private breakOf(code: number, reason: string): Error {
    if (!this.opened) return new ChannelBreak('unsupported', `the WebSocket did not open (${code})`);
    if (code === 3500 && this.refusal) return apiErrorOf(this.refusal);
    const bearer = this.bearer === undefined ? {} : { bearer: this.bearer };
    return new ChannelBreak(refusals[code] ?? 'broken', `the WebSocket closed: ${code} ${reason}`, bearer);
  }

  private fail(error: Error): void {
    this.end(error);
    this.socket.close();
  }

  private end(error: Error): void {
    if (this.closed) return;
    this.closed = true;
    for (const timer of [this.lingering, this.renewal, this.silence]) clearTimeout(timer);
    for (const { queue } of this.watched.values()) queue.close(error);
    this.watched.clear();
    this.options.onClose();
  }
}

function jobOf(name: string): string {
  return name.replace(/^job:/, '');
}

function apiErrorOf({ code, message }: { code: ErrorCode; message: string }): BatonApiError {
  const { status, retryable } = errorCodes[code];
  return new BatonApiError({ code, detail: message, status, retryable });
}
