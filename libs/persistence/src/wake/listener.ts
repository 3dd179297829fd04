import type { Channel } from '@baton/contracts';
import pg from 'pg';
import { reconnectMs, type WakeLog } from './wake-log.js';

export interface ListenerOptions {
  applicationName: string;
  channels: Partial<Record<Channel, (items: string[]) => void>>;
  /** A session advisory lock that says that this process lives: it goes with the connection. */
  sessionLock?: () => { classId: number; objectId: number };
  /** Called after each connection, the first included: what came while nobody listened must be looked for. */
  onConnect?: () => void;
  log: WakeLog;
}

/** A round trip that takes longer means that the connection is dead. */
const probeMs = 2_000;

/**
 * Listens for wake-ups on a connection of its own. connecting → listening → (the connection breaks, or a probe
 * is not answered) → connecting. A half-open socket is silently deaf, so owners probe it at their slow sweep.
 */
export class Listener {
  private client: pg.Client | undefined;
  private connecting: Promise<void> | undefined;
  private closed = false;

  constructor(
    private readonly url: string,
    private readonly options: ListenerOptions,
  ) {}

  get healthy(): boolean {
    return this.client !== undefined;
  }

  /** Resolves at the first connection; goes on trying while PostgreSQL is away. */
  async start(): Promise<void> {
    await this.reconnect();
  }

  /** A round trip on the listening connection; a connection that does not answer is replaced. */
  async probe(): Promise<void> {
    const { client } = this;
    if (!client) return this.connecting;
    const timer = setTimeout(() => this.drop(client, new Error(`no answer within ${probeMs} ms`)), probeMs);
    try {
      await client.query('SELECT 1');
    } catch (error) {
      this.drop(client, error as Error);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.connecting;
    const { client } = this;
    this.client = undefined;
    await client?.end();
  }

  private drop(client: pg.Client, error: Error): void {
    if (this.client !== client) return;
    this.client = undefined;
    if (this.closed) return;
    this.options.log('the connection that listens for wake-ups broke', error);
    // Ends a socket that may be half-open, without waiting for a goodbye that may never come.
    client.connection.stream.destroy();
    void this.reconnect();
  }

  private reconnect(): Promise<void> {
    this.connecting ??= this.connectUntilDone().finally(() => (this.connecting = undefined));
    return this.connecting;
  }

  private async connectUntilDone(): Promise<void> {
    while (!this.closed && !this.client) {
      try {
        this.client = await this.connect();
        this.options.onConnect?.();
      } catch (error) {
        this.options.log('cannot listen for wake-ups yet', error as Error);
        await new Promise((resolve) => setTimeout(resolve, reconnectMs));
      }
    }
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url,
      application_name: `${this.options.applicationName}-listen`,
      keepAlive: true,
      connectionTimeoutMillis: 2_000,
      query_timeout: 5_000,
    });
    client.on('error', (error) => this.drop(client, error));
    client.on('end', () => this.drop(client, new Error('the server closed it')));
    client.on('notification', ({ channel, payload }) => {
      this.options.channels[channel as Channel]?.((payload ?? '').split(',').filter((item) => item !== ''));
    });
    await client.connect();
    try {
      await this.takeSessionLock(client);
      for (const channel of Object.keys(this.options.channels)) await client.query(`LISTEN ${channel}`);
    } catch (error) {
      await client.end().catch(() => undefined); // the first error is the one to tell
      throw error;
    }
    return client;
  }

  private async takeSessionLock(client: pg.Client): Promise<void> {
    const lock = this.options.sessionLock?.();
    if (!lock) return;
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS taken', [
      lock.classId,
      lock.objectId,
    ]);
    // The broken connection's session may live on for a moment.
    if (!rows[0]?.taken)
      throw new Error(`session lock ${lock.classId}/${lock.objectId} is still held by the old session`);
  }
}
