import { jobTopicSettings, systemTopics, type TopicSettings } from '@baton/contracts';
import type { BrokerAdmin } from '@baton/messaging';
import { listQueueNames, type Database } from '@baton/persistence';
import type { Timer } from './timer.js';

/** All are looked for anew after this long, should one have been deleted. */
const lookEveryMs = 300_000;

/** Makes the topics: the system's own, and three for each queue. */
export class TopicsTimer implements Timer {
  readonly name = 'topics';
  private known = new Set<string>();
  private knownSince = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly admin: BrokerAdmin,
    private readonly system: readonly TopicSettings[] = systemTopics,
  ) {}

  async look() {
    if (performance.now() - this.knownSince >= lookEveryMs) {
      this.known = new Set();
      this.knownSince = performance.now();
    }
    const wanted = [...this.system, ...(await listQueueNames(this.database.pool)).flatMap(jobTopicSettings)];
    const missing = wanted.filter(({ topic }) => !this.known.has(topic));
    let made = 0;
    for (const spec of missing) {
      made += (await this.admin.ensureTopics([spec])).length;
      this.known.add(spec.topic);
    }
    return { found: made > 0, nextMs: lookEveryMs };
  }
}
