import { topics } from '@baton/contracts';
import type { BrokerProducer } from '@baton/messaging';
import { listPauses, type Database } from '@baton/persistence';
import { tellQueues } from '../control/tell-queues.js';
import type { Timer } from './timer.js';

/** The topic keeps a word for two days at least: each is said again long before. */
const sayAgainMs = 12 * 3_600_000;

/**
 * Tells event workers by `baton.control` which queues are paused: when settings change, all of them at the start, since
 * whoever led before may have died between a change and its word, and all again from time to time, since the topic lets go
 * of old words. It is compacted, so a worker that starts reads each queue's last word.
 *
 * After each word it looks once more: a leader that was stopped between its look and its word says it late, when another
 * has said a newer one, and must not leave it at that.
 */
export class QueueControlsTimer implements Timer {
  readonly name = 'queue-controls';
  private readonly told = new Map<string, boolean>();
  private toldSince: number;

  constructor(
    private readonly database: Database,
    private readonly producer: BrokerProducer,
    private readonly topic: string = topics.control,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.toldSince = now();
  }

  async look() {
    if (this.now() - this.toldSince >= sayAgainMs) this.forget();
    for (let found = false; ; found = true) {
      const queues = await listPauses(this.database.pool);
      const news = queues.filter(({ name, paused }) => this.told.get(name) !== paused);
      if (news.length === 0) return { found, nextMs: sayAgainMs };
      await tellQueues(this.producer, this.topic, news);
      for (const { name, paused } of news) this.told.set(name, paused);
    }
  }

  /** All are to be told again: another leader may have told since. */
  forget(): void {
    this.told.clear();
    this.toldSince = this.now();
  }
}
