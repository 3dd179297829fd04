import { BatonError, formatCursor, limits } from '@baton/contracts';
import type { EventTail } from '@baton/results';
import type { Authenticator, Caller } from '@baton/service';
import type { WebSocket } from 'ws';
import type { Acknowledgements } from '../events/acknowledgements.js';
import { type ClientMessage, readMessage } from './client-message.js';
import { type Close, closeCodes } from './close-codes.js';
import { errorOf, JobSubscription } from './job-subscription.js';
import { type Pace, PacedSocket } from './paced-socket.js';
import type { QueueEnds } from './queue-ends.js';
import { QueueSubscription } from './queue-subscription.js';

export interface StreamClientOptions {
  tail: EventTail;
  ends: QueueEnds;
  authenticator: Authenticator;
  acknowledgements: Acknowledgements;
  /** @returns whether there is a queue of this name */
  knowsQueue: (name: string) => Promise<boolean>;
  /** Counts the socket against its caller's limit; @throws BatonError `too_many_waiting` */
  hold: (caller: Caller) => () => void;
  pace: Pace;
  /** How long a socket may be without a token, or without anything that it watches; milliseconds. */
  greetingMs: number;
  idleMs: number;
}

/** Who opened the socket, with what he showed and the place that he holds. */
export interface KnownCaller {
  caller: Caller;
  giveBack: () => void;
  /** Undefined where anyone may. */
  bearer: string | undefined;
}

/** Messages that wait to be taken; a client that sends more at once is closed. */
const mostQueued = 64;

/**
 * One client of `/v1/stream`. greeting (no token yet) → open → closed. Whatever it watches ends with it.
 */
export class StreamClient {
  readonly socket: PacedSocket;
  /** Undefined: it is open by a job's token, which ends by itself, or nobody has said who he is. */
  apiKey: string | undefined;
  private caller: Caller | undefined;
  private giveBack: (() => void) | undefined;
  private readonly subscriptions = new Map<string, JobSubscription | QueueSubscription>();
  private lastJob: string | undefined;
  private deadline: NodeJS.Timeout | undefined;
  private expiry: NodeJS.Timeout | undefined;
  private queued = 0;
  private taking: Promise<void> = Promise.resolve();

  /** @param known already when the socket opened */
  constructor(
    private readonly raw: WebSocket,
    private readonly options: StreamClientOptions,
    known?: KnownCaller,
  ) {
    this.socket = new PacedSocket(raw, options.pace);
    raw.on('message', (data, isBinary) => this.onMessage(data as Buffer, isBinary));
    raw.on('error', () => undefined); // a close with its code follows
    raw.on('close', () => this.onClose());
    if (known) this.enter(known);
    else this.closeAfter(options.greetingMs, closeCodes.unauthenticated);
  }

  close(why: Close): void {
    this.socket.close(why);
  }

  private onMessage(data: Buffer, isBinary: boolean): void {
    if (isBinary) return this.close({ code: 1003, reason: 'messages are JSON text' });
    if (++this.queued > mostQueued)
      return this.close({ ...closeCodes.badMessage, reason: 'too many messages at once' });
    this.taking = this.taking.then(() => this.take(data.toString())).finally(() => this.queued--);
  }

  private async take(text: string): Promise<void> {
    if (!this.socket.open) return;
    try {
      await this.obey(readMessage(text));
    } catch (error) {
      const { code, message } = errorOf(error);
      if (code === 'invalid_json' || code === 'invalid_request')
        return this.close({ ...closeCodes.badMessage, reason: message });
      if (code === 'unauthenticated') return this.close({ ...closeCodes.unauthenticated, reason: message });
      if (code === 'too_many_waiting' && !this.caller)
        return this.close({ ...closeCodes.tooMany, reason: message });
      await this.socket.tell({ error: { code, message } });
    }
  }

  private async obey(message: ClientMessage): Promise<void> {
    if (message.kind === 'token') return this.authenticate(message.token);
    const caller = this.caller;
    if (!caller) throw new BatonError('unauthenticated', 'the first message must be {"token": …}');
    switch (message.kind) {
      case 'subscribe':
        return this.subscribe(message, caller);
      case 'unsubscribe':
        this.subscriptions.get(message.name)?.close();
        this.subscriptions.delete(message.name);
        this.watchIdle();
        return this.socket.tell({ unsubscribed: message.name });
      case 'ack':
        return this.acknowledge(message, caller);
    }
  }

  private async authenticate(token: string): Promise<void> {
    const caller = await this.options.authenticator.authenticateToken(token, {
      scopes: ['jobs:read'],
      anyJob: true,
    });
    if (this.caller && this.caller.tenantId !== caller.tenantId)
      throw new BatonError('unauthenticated', 'a new token must be of the same tenant');
    this.enter({ caller, giveBack: this.giveBack ?? this.options.hold(caller), bearer: token });
    const expires = caller.kind === 'job' ? { expiresAt: new Date(caller.expiresAtMs).toISOString() } : {};
    await this.socket.tell({ authenticated: true, ...expires });
  }

  private enter({ caller, giveBack, bearer }: KnownCaller): void {
    this.caller = caller;
    this.apiKey = caller.kind === 'key' ? bearer : undefined;
    this.giveBack = giveBack;
    clearTimeout(this.expiry);
    if (caller.kind === 'job')
      this.expiry = setTimeout(
        () => this.close(closeCodes.tokenExpired),
        Math.max(0, caller.expiresAtMs - Date.now()),
      );
    this.watchIdle();
  }

  private async subscribe(
    { name, channel, cursor }: Extract<ClientMessage, { kind: 'subscribe' }>,
    caller: Caller,
  ): Promise<void> {
    const { tail, ends, knowsQueue } = this.options;
    const { socket, subscriptions } = this;
    try {
      if (subscriptions.has(name))
        throw new BatonError('invalid_request', `${name} is subscribed to already`);
      if (subscriptions.size >= limits.subscriptions)
        throw new BatonError(
          'too_many_waiting',
          `a socket may watch ${limits.subscriptions} jobs and queues; open another`,
        );
      if (channel.kind === 'job') {
        const { jobId } = channel;
        if (caller.kind === 'job' && caller.jobId !== jobId)
          throw new BatonError('not_found', `the token is of another job than ${jobId}`);
        this.lastJob = jobId;
        const onEnd = (): void => this.ended(name, subscription);
        const subscription = new JobSubscription({
          name,
          jobId,
          cursor,
          tail,
          socket,
          onEnd,
          tenantId: caller.tenantId,
        });
        subscriptions.set(name, subscription);
      } else {
        if (caller.kind === 'job')
          throw new BatonError('scope_missing', 'a queue is watched with an API key of the scope jobs:read');
        if (!(await knowsQueue(channel.queue)))
          throw new BatonError('unknown_queue', `there is no queue "${channel.queue}"`);
        subscriptions.set(
          name,
          new QueueSubscription({ queue: channel.queue, tenantId: caller.tenantId, ends, socket }),
        );
        await socket.tell({ subscribed: name });
      }
      this.watchIdle();
    } catch (error) {
      await socket.tell({ error: errorOf(error), subscribe: name });
    }
  }

  private ended(name: string, subscription: JobSubscription): void {
    if (this.subscriptions.get(name) === subscription) this.subscriptions.delete(name);
    this.watchIdle();
  }

  private async acknowledge(
    { cursor, jobId = this.lastJob }: Extract<ClientMessage, { kind: 'ack' }>,
    caller: Caller,
  ): Promise<void> {
    if (jobId === undefined)
      throw new BatonError('invalid_request', 'an ack must name its job: {"ack": cursor, "job": id}');
    if (caller.kind === 'job' && caller.jobId !== jobId)
      throw new BatonError('not_found', `the token is of another job than ${jobId}`);
    await this.options.acknowledgements.tell({
      tenantId: caller.tenantId,
      jobId,
      cursor,
      channel: 'websocket',
    });
    await this.socket.tell({ acked: formatCursor(cursor), job: jobId });
  }

  /** A socket that watches nothing holds a place for nothing. */
  private watchIdle(): void {
    // Subscriptions end after their socket, too: a timer would keep what is gone in memory.
    if (this.subscriptions.size > 0 || !this.socket.open) return clearTimeout(this.deadline);
    this.closeAfter(this.options.idleMs, closeCodes.idle);
  }

  private closeAfter(ms: number, why: Close): void {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.close(why), ms);
  }

  private onClose(): void {
    clearTimeout(this.deadline);
    clearTimeout(this.expiry);
    for (const subscription of this.subscriptions.values()) subscription.close();
    this.subscriptions.clear();
    this.giveBack?.();
  }
}
