/**
 * LISTEN/NOTIFY channels. A payload is a list of items, comma-separated. Every notification is a hint: a slow
 * sweep runs beneath each.
 */
export const channels = {
  /** Queue names: jobs stamped `polling` are there. */
  jobs: 'baton_jobs',
  /** Queue names: the outbox has rows. */
  outbox: 'baton_outbox',
  /** One item: milliseconds since the epoch of the earliest new due time. */
  timers: 'baton_timers',
  /** Ids of jobs that have become terminal. */
  outcomes: 'baton_outcomes',
  /** Names of queues whose settings changed. */
  queues: 'baton_queues',
} as const;
export type Channel = (typeof channels)[keyof typeof channels];
