import type { Pool } from 'pg';
import { passGates } from '../limits/pass-gates.js';
import { advanceLanes } from '../sql/advance-lanes.sql.js';
import { findDueLanes, holdForParents, lockDueJobs } from '../sql/find-due-jobs.sql.js';
import { lockLanes } from '../sql/lock-lanes.sql.js';
import { placeDue } from '../sql/place-due.sql.js';
import { releaseJobs, type Released } from '../sql/release-jobs.sql.js';
import { inTransaction } from '../transaction/transaction.js';

export interface DueRelease {
  released: Released[];
  /** When gates are due, milliseconds since the epoch. */
  openGates: string[];
  /** There may be more that is due. */
  more: boolean;
  /** Lanes with due jobs that others have locked: look again soon. */
  busyLanes: number;
}

/**
 * Lets jobs go whose time has come, at most `limit` of each sort: those without a lane, and holders of theirs, are
 * released; others take their places in their lanes, and are released where it is their turn.
 */
export function releaseDue(pool: Pool, limit: number): Promise<DueRelease> {
  return inTransaction(pool, async (tx) => {
    const lanes = await findDueLanes(tx, limit);
    const { locked, busy } = await lockLanes(tx, lanes, { create: true });
    await placeDue(tx, locked);
    const released = await advanceLanes(tx, locked);
    const due = await lockDueJobs(tx, limit);
    await holdForParents(tx, due.waiting);
    released.push(...(await releaseJobs(tx, due.free)));
    released.push(...(await passGates(tx)));
    return {
      released,
      openGates: [...tx.openGates],
      more: due.free.length + due.waiting.length === limit || locked.length === limit,
      busyLanes: busy.length,
    };
  });
}
