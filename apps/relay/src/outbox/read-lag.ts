import { jobGroup } from '@baton/contracts';
import { lagOf, type BrokerAdmin } from '@baton/messaging';
import { consumerLag } from '@baton/tracing';

/** Where a queue's workers are on one of its topics. */
export interface TopicLag {
  /** Records not yet read, over all partitions. */
  lag: number;
  partitions: { partition: number; low: bigint; committed: bigint | undefined }[];
}

/** Reads a topic's ends and its group's offsets. @throws BrokerUnavailableError, also when there is no such topic */
export async function readLag(admin: BrokerAdmin, queue: string, topic: string): Promise<TopicLag> {
  const [ranges, offsets] = await Promise.all([
    admin.topicEndOffsets(topic),
    admin.committedOffsets(jobGroup(queue), topic),
  ]);
  const committedOf = new Map(offsets.map(({ partition, offset }) => [partition, offset]));
  const priority = /\.(high|low)$/.exec(topic)?.[1];
  let lag = 0;
  const partitions = ranges.map(({ partition, low, high }) => {
    const committed = committedOf.get(partition);
    const behind = Number(lagOf({ low, high, committed }));
    // A queue's three topics share the metric: `3`, `high:3`, `low:3`.
    consumerLag.set({ queue, partition: priority ? `${priority}:${partition}` : String(partition) }, behind);
    lag += behind;
    return { partition, low, committed };
  });
  return { lag, partitions };
}
