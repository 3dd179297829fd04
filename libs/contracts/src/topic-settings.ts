import { defaultPartitions, jobTopics, topics } from './topics.js';

/** How a topic is made. */
export interface TopicSettings {
  topic: string;
  partitions: number;
  /** Kafka's own names and values. */
  config: Record<string, string>;
}

const dayMs = 86_400_000;

/** Baton's own topics. Whoever misses one makes it so: the relay's timers, and event workers. */
export const systemTopics: readonly TopicSettings[] = [
  {
    topic: topics.outcomes,
    partitions: defaultPartitions,
    // The inbox's own clock is the broker's.
    config: { 'message.timestamp.type': 'LogAppendTime', 'retention.ms': String(7 * dayMs) },
  },
  { topic: topics.events, partitions: defaultPartitions, config: { 'retention.ms': String(7 * dayMs) } },
  {
    topic: topics.control,
    partitions: 1,
    // No execution lasts longer than a day, so what was said of one two days ago concerns nobody.
    config: { 'cleanup.policy': 'compact,delete', 'retention.ms': String(2 * dayMs) },
  },
  { topic: topics.deadLetter, partitions: 1, config: { 'retention.ms': String(30 * dayMs) } },
];

/** A queue's topics: jobs wait however long it takes; what was read is trimmed, nothing goes by age. */
export function jobTopicSettings(queue: string): TopicSettings[] {
  return jobTopics(queue).map((topic) => ({
    topic,
    partitions: defaultPartitions,
    config: { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' },
  }));
}
