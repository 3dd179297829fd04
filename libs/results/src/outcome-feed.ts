import type { TerminalOutcome } from '@baton/persistence';

/**
 * Tells that jobs have become terminal, after the commit that made them so. A hint: its failure is counted and
 * blocks nothing, since readers find the truth in PostgreSQL at their next look.
 */
export interface OutcomeFeed {
  /** Never rejects. */
  publish(outcomes: readonly TerminalOutcome[]): Promise<void>;
  /** Tells that these live jobs have a new event in their logs, such as progress. Never rejects. */
  wake(jobIds: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Hears what an {@link OutcomeFeed} tells, in another process. */
export interface OutcomeWakes {
  /**
   * Resolves when wake-ups are heard. `onWake` gets the ids of jobs that have ended or have
   * a new event; `onGap` is called when some
   * may have been missed (a connection was made anew), so that whoever waits looks for himself.
   */
  start(handlers: { onWake: (jobIds: string[]) => void; onGap: () => void }): Promise<void>;
  /** A round trip on the connection that hears; one that does not answer is replaced. Never rejects. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
