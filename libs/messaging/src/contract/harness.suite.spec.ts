import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Broker } from '../broker.js';
import type { TopicSpec } from '../broker-admin.js';
import type {
  Assignment,
  BrokerConsumer,
  ConsumerOptions,
  EndReached,
  HandOver,
} from '../broker-consumer.js';
import type { IncomingRecord, OutgoingRecord, TopicPartition } from '../broker-records.js';

export type ConnectBroker = () => Promise<Broker>;

/** Waits for a condition: `true`, or any value but `undefined` and `false`. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`Waited ${deadlineMs} ms in vain: ${what}.`);
    await delay(20);
  }
}

export const record = (value: string, key: string | null = null): OutgoingRecord => ({
  key,
  value: Buffer.from(value),
});
export const at = (partition: number, value: string): OutgoingRecord => ({
  key: null,
  value: Buffer.from(value),
  partition,
});
export const text = ({ value }: IncomingRecord): string => value?.toString() ?? 'null';

/** A running consumer that notes all that it is told. */
export interface Listener {
  readonly consumer: BrokerConsumer;
  readonly records: IncomingRecord[];
  readonly assignments: Assignment[];
  readonly lost: TopicPartition[];
  readonly ends: EndReached[];
  readonly crashes: Error[];
}

export class Harness {
  private readonly brokers: Broker[] = [];
  broker!: Broker;

  constructor(private readonly connect: ConnectBroker) {}

  async open(): Promise<Broker> {
    const broker = await this.connect();
    this.brokers.push(broker);
    return broker;
  }

  /** Fails on producers and consumers that a test has left open. */
  async close(): Promise<void> {
    const brokers = this.brokers.splice(0);
    const leaked = brokers.flatMap((broker) => [...broker.openHandles()]);
    await Promise.all(brokers.map((broker) => broker.close()));
    if (leaked.length > 0) throw new Error(`Left open: ${leaked.join(', ')}.`);
  }

  async topic(spec: Partial<TopicSpec> = {}): Promise<string> {
    const topic = `test.${randomUUID()}`;
    await this.broker.admin.ensureTopics([{ topic, partitions: 3, ...spec }]);
    return topic;
  }

  group(): string {
    return `test.${randomUUID()}`;
  }

  /** Sends by a producer of its own. */
  async send(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    const producer = this.broker.producer();
    await producer.send(topic, records);
    await producer.close();
  }

  async listen(
    options: ConsumerOptions,
    handlers: Partial<HandOver> = {},
    broker = this.broker,
  ): Promise<Listener> {
    const consumer = broker.consumer(options);
    const listener: Listener = { consumer, records: [], assignments: [], lost: [], ends: [], crashes: [] };
    await consumer.run({
      ...handlers,
      onRecords: (batch) => {
        listener.records.push(...batch.records);
        handlers.onRecords?.(batch);
      },
      onAssigned: (assignment) => {
        listener.assignments.push(assignment);
        handlers.onAssigned?.(assignment);
      },
      onLost: (lost) => {
        listener.lost.push(...lost);
        handlers.onLost?.(lost);
      },
      onEndReached: (ends) => listener.ends.push(...ends),
      onCrash: (error) => listener.crashes.push(error),
    });
    return listener;
  }

  joined(listener: Listener, partitions?: number): Promise<Assignment> {
    return until('an assignment', () => {
      const last = listener.assignments.at(-1);
      return last && (partitions === undefined || last.partitions.length === partitions) ? last : undefined;
    });
  }
}
