import type { TerminalOutcome } from '@baton/persistence';
import { feedFailures } from '@baton/tracing';
import type { ChainableCommander, Redis } from 'ioredis';
import type { OutcomeFeed } from '../outcome-feed.js';
import { encodeHot, hotKey, hotSeconds, outcomesChannel } from './hot-result.js';

/**
 * The feed over Redis: a hot copy of each result, then one message with the ids of the batch, in one round trip,
 * so that whoever is woken finds the copy there.
 */
export class RedisOutcomeFeed implements OutcomeFeed {
  constructor(
    private readonly redis: Redis,
    private readonly log: (message: string, error: Error) => void,
  ) {}

  async publish(outcomes: readonly TerminalOutcome[]): Promise<void> {
    if (outcomes.length === 0) return;
    const batch = this.redis.pipeline();
    // A dead job may be replayed at any moment, by whoever knows nothing of Redis: of it there is no hot copy.
    for (const outcome of outcomes) {
      const seconds = hotSeconds(outcome);
      if (outcome.state !== 'dead' && seconds > 0)
        batch.set(hotKey(outcome.jobId), encodeHot(outcome), 'EX', seconds);
    }
    batch.publish(outcomesChannel, outcomes.map((outcome) => outcome.jobId).join(','));
    await this.send(batch);
  }

  async wake(jobIds: readonly string[]): Promise<void> {
    if (jobIds.length > 0) await this.send(this.redis.pipeline().publish(outcomesChannel, jobIds.join(',')));
  }

  private async send(batch: ChainableCommander): Promise<void> {
    try {
      const answers = await batch.exec();
      const failed = answers?.find(([error]) => error)?.[0];
      if (failed) throw failed;
    } catch (error) {
      feedFailures.inc();
      this.log(
        'what happened to jobs could not be told over Redis; readers find it in PostgreSQL',
        error as Error,
      );
    }
  }

  async close(): Promise<void> {
    await this.redis.quit().catch(() => this.redis.disconnect());
  }
}
