import type { CancelReport, SettleReport } from '@baton/persistence';
import type { TestDatabase } from '@baton/persistence/testing';
import type { Leadership } from '../leadership/leadership.js';
import { OutboxPublisher, type OutboxPublisherOptions } from '../outbox/outbox-publisher.js';
import { silent, testReplica } from './replica.js';
import type { TestBroker } from './test-broker.js';

export interface TestOutbox {
  publisher: OutboxPublisher;
  leadership: Leadership;
  replicaId: string;
  settled: SettleReport[];
  cancelled: CancelReport[];
  close(): Promise<void>;
}

/** A replica that leads and publishes; it hears of new rows by `publisher.wake` alone. */
export async function startOutbox(
  { url, database }: TestDatabase,
  { broker }: TestBroker,
  options: Partial<OutboxPublisherOptions> = {},
): Promise<TestOutbox> {
  const { id, leadership } = testReplica(url);
  const settled: SettleReport[] = [];
  const cancelled: CancelReport[] = [];
  const producer = broker.producer();
  const publisher = new OutboxPublisher({
    database,
    replicaId: id,
    producer,
    admin: broker.admin,
    epochOf: (shard) => leadership.epochOf(shard),
    onSettled: (report) => Promise.resolve(void settled.push(report)),
    onCancelled: (report) => Promise.resolve(void cancelled.push(report)),
    log: silent,
    ...options,
  });
  leadership.follow(publisher);
  await leadership.start();
  return {
    publisher,
    leadership,
    replicaId: id,
    settled,
    cancelled,
    async close() {
      await leadership.stop();
      await publisher.close();
      await producer.close();
    },
  };
}
