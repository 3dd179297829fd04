import { jobGroup } from '@baton/contracts';
import type { BrokerAdmin } from '@baton/messaging';

interface PartitionState {
  low: bigint;
  high: bigint;
  committed: bigint | undefined;
}

/** How far a queue's workers have come on one of its topics; undefined where there is no such topic. */
export type TopicState = ReadonlyMap<number, PartitionState> | undefined;

/** @throws BrokerUnavailableError */
export async function readTopicState(admin: BrokerAdmin, queue: string, topic: string): Promise<TopicState> {
  if (!(await admin.describeTopic(topic))) return undefined;
  const offsets = await admin.committedOffsets(jobGroup(queue), topic);
  const committedOf = new Map(offsets.map(({ partition, offset }) => [partition, offset]));
  const ranges = await admin.topicEndOffsets(topic);
  return new Map(
    ranges.map(({ partition, low, high }) => [
      partition,
      { low, high, committed: committedOf.get(partition) },
    ]),
  );
}

/**
 * Whether the workers will not read a record any more, which lay at this place when it was published: they have committed
 * beyond it, the log begins behind it, or the topic is not the one it was, and does not reach so far. Of a record whose
 * place is forgotten it is known when they have read the whole topic.
 */
export function hasPassed(
  state: TopicState,
  place: { partition: number; offset: number } | undefined,
): boolean {
  if (state === undefined) return true;
  if (place === undefined)
    return [...state.values()].every(
      ({ low, high, committed }) => high === low || (committed ?? low) >= high,
    );
  const partition = state.get(place.partition);
  if (!partition) return true;
  const offset = BigInt(place.offset);
  return offset < partition.low || offset < (partition.committed ?? 0n) || offset >= partition.high;
}
