import type { Channel } from '@baton/contracts';
import pg from 'pg';
import { PendingWakes } from './pending-wakes.js';
import { reconnectMs, type WakeLog } from './wake-log.js';

/** A NOTIFY that takes longer was sent on a connection that is dead, and says nothing of it. */
const answerMs = 5_000;
/** Under load wake-ups are gathered for this long; a lone one is sent at once. */
const apartMs = 5;

/**
 * Sends wake-ups after commit, on a connection of its own, at most one NOTIFY in flight. A NOTIFY inside each
 * job's transaction would take a lock of the whole cluster at commit and cost two thirds of the throughput.
 *
 * idle → sending (a wake-up came) → resting 5 ms → sending (more came meanwhile) or idle. A connection that
 * fails is made anew, and what was to be sent is kept. Wake-ups are hints, so nothing here throws.
 */
export class Notifier {
  private readonly pending = new PendingWakes();
  private client: pg.Client | undefined;
  private pump: Promise<void> | undefined;
  private closed = false;
  /** How often a NOTIFY failed and was repeated. */
  failures = 0;

  constructor(
    private readonly url: string,
    private readonly options: { applicationName: string; log: WakeLog; answerMs?: number },
  ) {}

  /** Tells the channel's listeners of an item; returns at once. */
  wake(channel: Channel, item: string): void {
    if (this.closed) return;
    this.pending.add(channel, item);
    this.pump ??= this.run().finally(() => (this.pump = undefined));
  }

  /** Resolves when all wake-ups so far are sent. */
  async flush(): Promise<void> {
    while (this.pump) await this.pump;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.flush();
    await this.client?.end();
  }

  private async run(): Promise<void> {
    // Lets all wake-ups of one turn of the event loop share the first NOTIFY.
    await new Promise((resolve) => setImmediate(resolve));
    while (!this.pending.empty) {
      const { channels, payloads } = this.pending.take();
      try {
        this.client ??= await this.connect();
        await this.client.query({
          name: 'notify',
          text: 'SELECT pg_notify(c, p) FROM unnest($1::text[], $2::text[]) AS w(c, p)',
          values: [channels, payloads],
        });
        if (!this.pending.empty) await pause(apartMs);
      } catch (error) {
        this.failures++;
        this.options.log('a wake-up could not be sent; it is repeated', error as Error);
        this.drop();
        if (this.closed) return;
        channels.forEach((channel, i) =>
          payloads[i]!.split(',').forEach((item) => this.pending.add(channel, item)),
        );
        await pause(reconnectMs);
      }
    }
  }

  /** Ends a socket that may be half-open, without waiting for a goodbye that may never come. */
  private drop(): void {
    this.client?.connection.stream.destroy();
    this.client = undefined;
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url,
      application_name: `${this.options.applicationName}-notify`,
      keepAlive: true,
      statement_timeout: 5_000,
      query_timeout: this.options.answerMs ?? answerMs,
      connectionTimeoutMillis: 2_000,
    });
    client.on('error', (error) => {
      if (this.client === client) this.client = undefined;
      if (!this.closed) this.options.log('the connection for wake-ups broke', error);
    });
    await client.connect();
    return client;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
