import { channels } from '@baton/contracts';
import { Listener, type WakeLog } from '@baton/persistence';
import type { OutcomeWakes } from '../outcome-feed.js';

/** Wake-ups over PostgreSQL's LISTEN. */
export class ListenOutcomeWakes implements OutcomeWakes {
  private listener: Listener | undefined;

  constructor(
    private readonly databaseUrl: string,
    private readonly options: { applicationName: string; log: WakeLog },
  ) {}

  async start({ onWake, onGap }: Parameters<OutcomeWakes['start']>[0]): Promise<void> {
    this.listener = new Listener(this.databaseUrl, {
      ...this.options,
      channels: { [channels.outcomes]: onWake },
      onConnect: onGap,
    });
    await this.listener.start();
  }

  async probe(): Promise<void> {
    await this.listener?.probe();
  }

  async close(): Promise<void> {
    await this.listener?.close();
  }
}
