import type { TerminalOutcome } from '@baton/persistence';

/** Tells whoever waits for results of settled outcomes, and whoever watches jobs of their events. A hint: what it fails to tell is found by their sweeps. */
export interface OutcomeFeed {
  publish(outcomes: readonly TerminalOutcome[]): Promise<void>;
  /** These live jobs have a new event in their logs. */
  wake(jobIds: readonly string[]): Promise<void>;
}
