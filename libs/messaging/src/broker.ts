import type { BrokerAdmin } from './broker-admin.js';
import type { BrokerConsumer, ConsumerOptions } from './broker-consumer.js';
import type { BrokerProducer, ProducerOptions } from './broker-producer.js';
import type { BrokerReader, ReaderOptions } from './broker-reader.js';

/**
 * The port to the message broker: bytes, headers, topics and offsets; nothing of jobs.
 * Everything connects by itself when first used, and again when the broker was away.
 */
export interface Broker {
  readonly admin: BrokerAdmin;
  producer(options?: ProducerOptions): BrokerProducer;
  consumer(options: ConsumerOptions): BrokerConsumer;
  reader(options: ReaderOptions): BrokerReader;
  /** Asks for metadata now; `false` when that fails or takes over `adminTimeoutMs`. Never rejects. */
  ping(): Promise<boolean>;
  /** A metadata request has succeeded within `withinMs` (default 15,000). Asks nothing itself: `ping` does. */
  isConnected(withinMs?: number): boolean;
  /** Names of the producers, consumers and readers not yet closed. */
  openHandles(): readonly string[];
  /** Closes what is open, then the connections. */
  close(): Promise<void>;
}
