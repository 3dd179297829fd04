import type { Redis } from 'ioredis';
import type { OutcomeWakes } from '../outcome-feed.js';
import { outcomesChannel } from './hot-result.js';

const retryMs = 250;

/** Wake-ups over Redis pub/sub, on a connection of its own, as Redis wants it. */
export class RedisOutcomeWakes implements OutcomeWakes {
  private closed = false;

  constructor(private readonly subscriber: Redis) {}

  async start({ onWake, onGap }: Parameters<OutcomeWakes['start']>[0]): Promise<void> {
    this.subscriber.on('message', (_channel, ids) => onWake(ids.split(',')));
    // ioredis subscribes again by itself; what was published meanwhile is gone.
    this.subscriber.on('ready', onGap);
    await this.subscribe(onGap);
  }

  /** Tries until it is heard: a Redis that is slow or away ends nothing, since a sweep looks after those who wait. */
  private async subscribe(onGap: () => void): Promise<void> {
    for (let late = false; !this.closed; late = true) {
      try {
        await this.subscriber.subscribe(outcomesChannel);
        if (late) onGap();
        return;
      } catch {
        // The connection tells its log of its troubles.
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  async probe(): Promise<void> {
    // Only a connection that claims to be up can be deaf; any other is being made anew already.
    if (this.subscriber.status !== 'ready') return;
    await this.subscriber.ping().catch(() => this.subscriber.disconnect(true));
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.subscriber.quit().catch(() => this.subscriber.disconnect());
  }
}
