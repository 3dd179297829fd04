import { within } from './within.js';
import { kafkaClient, type KafkaClient } from './kafka-client.js';
import type { KafkaOptions } from './kafka-options.js';

interface Connection {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

export interface Connected<T> {
  readonly client: T;
  cut(reason: string): void;
}

/**
 * One kafkajs producer or admin at a time, made anew when the last was retired.
 *
 * none → connecting → connected → none (retired) … → closed. A retired one is cut off at once, so
 * nothing that it was still trying can reach the broker later.
 */
export class ReconnectingClient<T extends Connection> {
  private current: Promise<Connected<T>> | undefined;
  private readonly retired = new WeakSet<Connected<T>>();
  private closed = false;

  constructor(
    private readonly options: KafkaOptions,
    private readonly setup: {
      name: string;
      connectTimeoutMs: number;
      make: (kafka: KafkaClient['kafka']) => T;
    },
  ) {}

  async get(): Promise<Connected<T>> {
    if (this.closed) throw new Error(`${this.setup.name} is closed.`);
    this.current ??= this.connect();
    const attempt = this.current;
    try {
      return await attempt;
    } catch (error) {
      if (this.current === attempt) this.current = undefined;
      throw error;
    }
  }

  /**
   * `connected` is used no more; the next `get` connects anew.
   * @returns false when another had retired it already, so that what failed on it may have failed by that alone
   */
  async retire(connected: Connected<T>, reason: string): Promise<boolean> {
    const retiredBefore = this.retired.has(connected);
    this.retired.add(connected);
    connected.cut(reason);
    const current = await this.current?.catch(() => undefined);
    if (current === connected) this.current = undefined;
    return !retiredBefore;
  }

  /** Disconnects in good order, within `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.closed = true;
    // A failed attempt has nothing to disconnect.
    const connected = await this.current?.catch(() => undefined);
    if (!connected) return;
    try {
      await within(
        connected.client.disconnect(),
        timeoutMs,
        () => new Error('The disconnect took too long.'),
      );
    } catch (error) {
      this.options.log?.('debug', `${this.setup.name} was cut off: it did not disconnect`, { error });
    } finally {
      connected.cut('The client is closed.');
    }
  }

  private async connect(): Promise<Connected<T>> {
    const { name, connectTimeoutMs, make } = this.setup;
    const { kafka, sockets } = kafkaClient(this.options, name);
    const client = make(kafka);
    try {
      await within(
        client.connect(),
        connectTimeoutMs,
        () => new Error(`No connection to ${this.options.brokers.join(', ')} within ${connectTimeoutMs} ms.`),
      );
    } catch (error) {
      sockets.cut('The client did not connect.');
      throw error;
    }
    return { client, cut: (reason) => sockets.cut(reason) };
  }
}
