import { channels } from '@baton/contracts';
import type { Notifier, TerminalOutcome } from '@baton/persistence';
import type { OutcomeFeed } from '../outcome-feed.js';

/** The feed over PostgreSQL's NOTIFY, where no Redis is configured. */
export class NotifyOutcomeFeed implements OutcomeFeed {
  constructor(private readonly notifier: Notifier) {}

  publish(outcomes: readonly TerminalOutcome[]): Promise<void> {
    return this.wake(outcomes.map(({ jobId }) => jobId));
  }

  wake(jobIds: readonly string[]): Promise<void> {
    for (const jobId of jobIds) this.notifier.wake(channels.outcomes, jobId);
    return Promise.resolve();
  }

  /** The notifier is its owner's to close. */
  close(): Promise<void> {
    return this.notifier.flush();
  }
}
