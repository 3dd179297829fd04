import { topics } from '@baton/contracts';
import type { BrokerProducer } from '@baton/messaging';
import { listPauses, type Database } from '@baton/persistence';
import { tellQueues } from '../control/tell-queues.js';
import type { Timer } from './timer.js';

/**
 * Tells event workers by `baton.control` which queues are paused: when settings change, and all of them at the start,
 * since whoever led before may have died between a change and its word. The topic is compacted, so a worker that starts
 * reads each queue's last word.
 */
export class QueueControlsTimer implements Timer {
  readonly name = 'queue-controls';
  private readonly told = new Map<string, boolean>();

  constructor(
    private readonly database: Database,
    private readonly producer: BrokerProducer,
    private readonly topic: string = topics.control,
  ) {}

  async look() {
    const queues = await listPauses(this.database.pool);
    const news = queues.filter(({ name, paused }) => this.told.get(name) !== paused);
    await tellQueues(this.producer, this.topic, news);
    for (const { name, paused } of news) this.told.set(name, paused);
    return { found: news.length > 0, nextMs: undefined };
  }

  /** Another leader may have told since. */
  forget(): void {
    this.told.clear();
  }
}
