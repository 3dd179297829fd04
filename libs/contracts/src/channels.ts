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
  /** Ids of jobs that have become terminal, or whose logs have a new event. */
  outcomes: 'baton_outcomes',
  /** Names of queues whose settings changed. */
  queues: 'baton_queues',
  /** One item: milliseconds since the epoch of the earliest time at which a limit may let jobs go. */
  gates: 'baton_gates',
  /** Ids of jobs whose cancel was requested while a worker may have them. */
  cancels: 'baton_cancels',
  /** One item, anything: jobs wait for admission, enqueued by SQL in a caller's own transaction. */
  admission: 'baton_admission',
  /** One item, anything: a schedule's next run may have changed. */
  schedules: 'baton_schedules',
  /** Ids of operations on many jobs that are to be worked off. */
  operations: 'baton_operations',
  /** Ids of terminal jobs whose dependants are still to be told. */
  followUps: 'baton_follow_ups',
  /** Nothing: webhook deliveries were noted, or a delivery plan begun. Sent inside the transaction that did so. */
  deliveries: 'baton_deliveries',
} as const;
export type Channel = (typeof channels)[keyof typeof channels];
