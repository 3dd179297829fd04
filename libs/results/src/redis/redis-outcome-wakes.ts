import type { Redis } from 'ioredis';
import type { OutcomeWakes } from '../outcome-feed.js';
import { outcomesChannel } from './hot-result.js';

/** Wake-ups over Redis pub/sub, on a connection of its own, as Redis wants it. */
export class RedisOutcomeWakes implements OutcomeWakes {
  constructor(private readonly subscriber: Redis) {}

  async start({ onWake, onGap }: Parameters<OutcomeWakes['start']>[0]): Promise<void> {
    this.subscriber.on('message', (_channel, ids) => onWake(ids.split(',')));
    // ioredis subscribes again by itself; what was published meanwhile is gone.
    this.subscriber.on('ready', onGap);
    await this.subscriber.subscribe(outcomesChannel);
  }

  async probe(): Promise<void> {
    // Only a connection that claims to be up can be deaf; any other is being made anew already.
    if (this.subscriber.status !== 'ready') return;
    await this.subscriber.ping().catch(() => this.subscriber.disconnect(true));
  }

  async close(): Promise<void> {
    await this.subscriber.quit().catch(() => this.subscriber.disconnect());
  }
}
