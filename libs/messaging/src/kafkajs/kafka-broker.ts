import type { Broker } from '../broker.js';
import type { BrokerConsumer, ConsumerOptions } from '../broker-consumer.js';
import type { BrokerProducer, ProducerOptions } from '../broker-producer.js';
import type { BrokerReader, ReaderOptions } from '../broker-reader.js';
import { KafkaAdmin } from './kafka-admin.js';
import { KafkaConsumer } from './kafka-consumer.js';
import type { KafkaOptions } from './kafka-options.js';
import { KafkaProducer } from './kafka-producer.js';
import { KafkaReader } from './kafka-reader.js';
import { PartitionCounts } from './partition-counts.js';

const readyWithinMs = 15_000;

export class KafkaBroker implements Broker {
  readonly admin: KafkaAdmin;
  private readonly counts: PartitionCounts;
  private readonly open = new Map<object, { name: string; close: () => Promise<void> }>();

  constructor(private readonly options: KafkaOptions) {
    this.admin = new KafkaAdmin(options);
    this.counts = new PartitionCounts((topic) => this.admin.partitionCount(topic), options.log);
  }

  producer(options: ProducerOptions = {}): BrokerProducer {
    const producer: KafkaProducer = new KafkaProducer(this.options, this.counts, options, () =>
      this.open.delete(producer),
    );
    this.open.set(producer, {
      name: `producer ${options.name ?? this.options.clientId}`,
      close: () => producer.close(),
    });
    return producer;
  }

  consumer(options: ConsumerOptions): BrokerConsumer {
    const consumer: KafkaConsumer = new KafkaConsumer(this.options, this.admin, options, () =>
      this.open.delete(consumer),
    );
    this.open.set(consumer, { name: `consumer ${options.groupId}`, close: () => consumer.stop() });
    return consumer;
  }

  reader(options: ReaderOptions): BrokerReader {
    const reader: KafkaReader = new KafkaReader(
      {
        admin: this.admin,
        consumer: (of) => new KafkaConsumer(this.options, this.admin, of, () => undefined),
        log: this.options.log,
        onStopped: () => this.open.delete(reader),
      },
      options,
    );
    this.open.set(reader, { name: `reader ${options.topics.join(', ')}`, close: () => reader.stop() });
    return reader;
  }

  ping(): Promise<boolean> {
    return this.admin.ping();
  }

  isConnected(withinMs: number = readyWithinMs): boolean {
    return this.admin.isConnected(withinMs);
  }

  openHandles(): string[] {
    return [...this.open.values()].map(({ name }) => name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.open.values()].map(({ close }) => close()));
    await this.admin.close();
  }
}
