import type { TerminalOutcome } from '@baton/persistence';

/** Tells whoever waits for results of settled outcomes. A hint: what it fails to tell is found by their sweeps. */
export interface OutcomeFeed {
  publish(outcomes: readonly TerminalOutcome[]): Promise<void>;
}
