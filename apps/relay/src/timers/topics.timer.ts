import { jobTopicSettings, systemTopics, type TopicSettings } from '@baton/contracts';
import type { BrokerAdmin } from '@baton/messaging';
import { listQueueNames, type Database } from '@baton/persistence';
import type { Timer } from './timer.js';

/** So many faults in one look are the broker's own. */
const mostFaults = 3;
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
    const faults: unknown[] = [];
    for (const spec of missing) {
      try {
        made += (await this.admin.ensureTopics([spec])).length;
        this.known.add(spec.topic);
      } catch (error) {
        faults.push(error);
        // One that the broker does not make stops no other; where none can be made, the others wait for the next look.
        if (faults.length === mostFaults) break;
      }
    }
    if (faults.length > 0) throw new Error('not all topics could be made', { cause: faults[0] });
    return { found: made > 0, nextMs: lookEveryMs };
  }
}
