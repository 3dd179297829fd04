import { defaultPartitions, jobTopics, topics } from '@baton/contracts';
import type { TopicSpec } from '@baton/messaging';

const dayMs = 86_400_000;

/** A queue's topics: trimmed behind what its workers have done, never by age. */
export function jobTopicSpecs(queue: string): TopicSpec[] {
  return jobTopics(queue).map((topic) => ({
    topic,
    partitions: defaultPartitions,
    config: { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' },
  }));
}

/** The topics that an event worker reads or writes beside those of its queues. */
export const systemTopicSpecs: readonly TopicSpec[] = [
  {
    topic: topics.outcomes,
    partitions: defaultPartitions,
    // The inbox takes its own clock from the broker's.
    config: { 'retention.ms': String(7 * dayMs), 'message.timestamp.type': 'LogAppendTime' },
  },
  { topic: topics.control, partitions: 1, config: { 'cleanup.policy': 'compact' } },
  { topic: topics.deadLetter, partitions: 1, config: { 'retention.ms': String(30 * dayMs) } },
];
