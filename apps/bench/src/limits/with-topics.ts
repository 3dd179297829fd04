import { defaultPartitions } from '@baton/contracts';
import { connectKafka } from '@baton/messaging';

/** Makes topics for one measurement, of as many partitions as Baton's, and takes them away after it. */
export async function withTopics<T>(
  brokers: string,
  topics: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const broker = connectKafka({ brokers: brokers.split(','), clientId: 'baton-bench-topics' });
  try {
    await broker.admin.ensureTopics(topics.map((topic) => ({ topic, partitions: defaultPartitions })));
    try {
      return await work();
    } finally {
      await broker.admin.deleteTopics(topics);
    }
  } finally {
    await broker.close();
  }
}
