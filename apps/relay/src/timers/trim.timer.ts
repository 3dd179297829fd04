import { jobTopics } from '@baton/contracts';
import type { BrokerAdmin } from '@baton/messaging';
import { listQueueNames, type Database } from '@baton/persistence';
import type { Logger } from 'pino';
import { readLag } from '../outbox/read-lag.js';
import type { Timer } from './timer.js';

const lookEveryMs = 60_000;

/** Deletes the records that a queue's workers have committed: should their group be lost, little runs a second time. */
export class TrimTimer implements Timer {
  readonly name = 'trim';

  constructor(
    private readonly database: Database,
    private readonly admin: BrokerAdmin,
    private readonly log: Logger,
  ) {}

  async look() {
    let trimmed = 0;
    for (const queue of await listQueueNames(this.database.pool)) {
      for (const topic of jobTopics(queue)) trimmed += await this.trim(queue, topic);
    }
    return { found: trimmed > 0, nextMs: lookEveryMs };
  }

  /** @returns partitions that were trimmed */
  private async trim(queue: string, topic: string): Promise<number> {
    try {
      const { partitions } = await readLag(this.admin, queue, topic);
      const behind = partitions.flatMap(({ partition, low, committed }) =>
        committed !== undefined && committed > low ? [{ partition, offset: committed }] : [],
      );
      if (behind.length > 0) await this.admin.trim(topic, behind);
      return behind.length;
    } catch (error) {
      this.log.debug({ err: error, topic }, 'a topic could not be trimmed; it is tried again in a minute');
      return 0;
    }
  }
}
