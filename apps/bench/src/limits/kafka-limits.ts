import { randomUUID } from 'node:crypto';
import { median } from '../statistics/statistics.js';
import { batchRows } from './in-batches.js';
import { openKafka, type Consumer, type Producer } from './kafka-client.js';
import type { LimitName, Limits } from './limits.js';
import { sampleJobs } from './sample-jobs.js';
import { withTopics } from './with-topics.js';

export type KafkaLimitName = Extract<LimitName, `kafka${string}`>;

const loneMessages = 200;
const warmUpMessages = 2_000;

/** kafkajs with a producer and a consumer in this process. */
export async function measureKafka(brokers: string, messages: number): Promise<Pick<Limits, KafkaLimitName>> {
  const topic = `bench-limit-${randomUUID()}`;
  return withTopics(brokers, [topic], async () => {
    const kafka = openKafka(brokers);
    const producer = kafka.producer();
    const consumer = kafka.consumer(topic);
    await Promise.all([producer.connect(), consumer.connect()]);
    try {
      const arrivals = await countArrivals(consumer, topic);
      await sendInBatches({ producer, topic, arrivals }, warmUpMessages);
      const kafkaMessagesPerSecond = await sendInBatches({ producer, topic, arrivals }, messages);
      const kafkaHopMs = await loneHopMs({ producer, topic, arrivals });
      return { kafkaMessagesPerSecond, kafkaHopMs };
    } finally {
      await Promise.all([producer.disconnect(), consumer.disconnect()]);
    }
  });
}

interface Way {
  producer: Producer;
  topic: string;
  arrivals: Arrivals;
}

/** Counts what the consumer has been given. */
class Arrivals {
  private count = 0;
  private waiting: { atLeast: number; resolve: () => void } | undefined;

  add(count: number): void {
    this.count += count;
    if (this.waiting && this.count >= this.waiting.atLeast) this.waiting.resolve();
  }

  /** Resolves when so many more have arrived. */
  next(count: number): Promise<void> {
    const atLeast = this.count + count;
    return new Promise((resolve) => {
      this.waiting = { atLeast, resolve };
    });
  }
}

async function countArrivals(consumer: Consumer, topic: string): Promise<Arrivals> {
  const arrivals = new Arrivals();
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommitInterval: 1_000,
    eachBatch: async ({ batch }) => arrivals.add(batch.messages.length),
  });
  await joined;
  return arrivals;
}

async function sendInBatches({ producer, topic, arrivals }: Way, count: number): Promise<number> {
  const messages = sampleJobs(count).map(({ id, payload, traceparent }) => ({
    key: id,
    value: payload,
    headers: { traceparent },
  }));
  const arrived = arrivals.next(count);
  const begun = performance.now();
  for (let from = 0; from < count; from += batchRows)
    await producer.send({ topic, acks: -1, messages: messages.slice(from, from + batchRows) });
  await arrived;
  return count / ((performance.now() - begun) / 1_000);
}

async function loneHopMs({ producer, topic, arrivals }: Way): Promise<number> {
  const tookMs: number[] = [];
  for (const { id, payload } of sampleJobs(loneMessages)) {
    const arrived = arrivals.next(1);
    const begun = performance.now();
    const sent = producer.send({ topic, acks: -1, messages: [{ key: id, value: payload }] });
    await arrived;
    tookMs.push(performance.now() - begun);
    await sent;
  }
  return median(tookMs);
}
