import { defaultPartitions, jobTopics, topics } from '@baton/contracts';
import type { BrokerAdmin, TopicSpec } from '@baton/messaging';
import { listQueueNames, type Database } from '@baton/persistence';
import type { Timer } from './timer.js';

const dayMs = 86_400_000;
/** All are looked for anew after this long, should one have been deleted. */
const lookEveryMs = 300_000;

const systemTopics: TopicSpec[] = [
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

/** Makes the topics: the system's own, and three for each queue. */
export class TopicsTimer implements Timer {
  readonly name = 'topics';
  private known = new Set<string>();
  private knownSince = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly admin: BrokerAdmin,
    private readonly system: readonly TopicSpec[] = systemTopics,
  ) {}

  async look() {
    if (performance.now() - this.knownSince >= lookEveryMs) {
      this.known = new Set();
      this.knownSince = performance.now();
    }
    const wanted = [...this.system, ...(await listQueueNames(this.database.pool)).flatMap(specsOf)];
    const missing = wanted.filter(({ topic }) => !this.known.has(topic));
    let made = 0;
    for (const spec of missing) {
      made += (await this.admin.ensureTopics([spec])).length;
      this.known.add(spec.topic);
    }
    return { found: made > 0, nextMs: lookEveryMs };
  }
}

/** Jobs wait for their workers however long it takes; the records are trimmed when they are read. */
function specsOf(queue: string): TopicSpec[] {
  return jobTopics(queue).map((topic) => ({
    topic,
    partitions: defaultPartitions,
    config: { 'retention.ms': '-1', 'retention.bytes': '-1' },
  }));
}
