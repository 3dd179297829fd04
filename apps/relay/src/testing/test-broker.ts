import { randomUUID } from 'node:crypto';
import { jobTopics } from '@baton/contracts';
import { sharedTestStack } from '@baton/local-stack';
import { connectKafka, type Broker, type IncomingRecord } from '@baton/messaging';

export interface TestBroker {
  broker: Broker;
  /** Makes a queue's three topics. */
  makeTopics(
    queue: string,
    options?: { partitions?: number; config?: Record<string, string> },
  ): Promise<void>;
  /** Follows topics from their beginning; the records so far, in order of arrival. */
  follow(topics: readonly string[]): Promise<IncomingRecord[]>;
  close(): Promise<void>;
}

/** The shared broker. Topics and groups need names of their own. */
export async function testBroker(): Promise<TestBroker> {
  const { kafkaBrokers } = await sharedTestStack({ kafka: true });
  const broker = connectKafka({
    brokers: kafkaBrokers.split(','),
    clientId: `relay-test-${randomUUID().slice(0, 8)}`,
  });
  return {
    broker,
    async makeTopics(queue, { partitions = 2, config = {} } = {}) {
      await broker.admin.ensureTopics(jobTopics(queue).map((topic) => ({ topic, partitions, config })));
    },
    async follow(topics) {
      const records: IncomingRecord[] = [];
      const reader = broker.reader({
        topics,
        groupPrefix: `relay-test-${randomUUID()}`,
        maxWaitMs: 50,
        onRecords: (batch) => void records.push(...batch.records),
      });
      await reader.start();
      await reader.caughtUp;
      return records;
    },
    close: () => broker.close(),
  };
}
