import type { TerminalOutcome } from '../settle/settlement.js';
import type { Released } from '../sql/release-jobs.sql.js';

/** What became of the jobs that were to be cancelled. Each is named once in `cancelled`, `requested`, `busy` or `missing`. */
export interface CancelReport {
  /** Terminal now: tell those who wait for them. */
  cancelled: TerminalOutcome[];
  /** A worker may have them; it is to be told (`channels.cancels`), whether it was asked now or before. */
  requested: string[];
  /** Their lanes are locked elsewhere: cancel them in another transaction. */
  busy: string[];
  /** No live job of the tenant has these ids. */
  missing: string[];
  /** Jobs that may run now: wake their queues. */
  released: Released[];
  /** When gates are due, milliseconds since the epoch: wake the timers. */
  openGates: string[];
  /** Jobs whose dependants are to be told. */
  followUps: string[];
}
