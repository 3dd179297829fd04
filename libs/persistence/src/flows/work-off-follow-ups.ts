import { limits } from '@baton/contracts';
import type { Pool } from 'pg';
import type { TerminalOutcome } from '../settle/settlement.js';
import type { Released } from '../sql/release-jobs.sql.js';
import { inTransaction, type RetryOptions } from '../transaction/transaction.js';
import { tellDependants } from './tell-dependants.js';

/** What followed from the ends of parents. */
export interface FollowUpReport {
  /** Jobs that may run now: wake their queues. */
  released: Released[];
  /** When gates are due, milliseconds since the epoch: wake the timers. */
  openGates: string[];
  /** Children that were cancelled with their parents: tell who waits for them. */
  cancelled: TerminalOutcome[];
  /** Children are due whose lanes were busy: wake the timers. */
  dueNow: boolean;
  /** Parents whose dependants are still to be told: wake the relay's timer. */
  left: string[];
}

export interface WorkOffOptions extends RetryOptions {
  /** Transactions, each of at most 500 dependants. */
  slices: number;
}

/**
 * Tells the dependants of ended jobs, and of those that are cancelled with them, slice by slice, each in a transaction
 * of its own. Several may be at the same parents: each dependant is told once.
 * Never throws: what is told is committed, and what a fault left is named, to be taken up by the relay.
 * @returns what was done, and the fault that ended it
 */
export async function workOffFollowUps(
  pool: Pool,
  jobIds: readonly string[],
  { slices, ...retry }: WorkOffOptions,
): Promise<FollowUpReport & { fault?: unknown }> {
  const report: FollowUpReport = { released: [], openGates: [], cancelled: [], dueNow: false, left: [] };
  const left = new Set(jobIds);
  try {
    for (let slice = 0; slice < slices && left.size > 0; slice++) {
      const parents = [...left].slice(0, limits.batch);
      const told = await inTransaction(pool, (tx) => tellDependants(tx, parents), retry);
      report.released.push(...told.released);
      report.openGates.push(...told.openGates);
      report.cancelled.push(...told.cancelled);
      report.dueNow ||= told.dueNow;
      for (const id of told.followUps) left.add(id);
      for (const id of told.finished) left.delete(id);
    }
  } catch (fault) {
    return { ...report, left: [...left], fault };
  }
  return { ...report, left: [...left] };
}
