import type { Pool } from 'pg';
import { scheduleChildren } from '../sql/count-parents-down.sql.js';
import { findUntoldParents, findWaitingChildren, recountParents } from '../sql/find-stray-children.sql.js';
import { noteFollowUps } from '../sql/note-follow-ups.sql.js';
import { inTransaction } from '../transaction/transaction.js';

/** Children of one transaction. */
const slice = 1_000;

export interface MendedChildren {
  /** Children that counted other parents than they wait for, or waited for none: these are due now. */
  miscounted: number;
  /** Parents whose end nobody was about to tell. */
  untold: number;
  /** Dead jobs that were purged while others held out for their replay: what they wait for cannot come. */
  purged: number;
}

/**
 * Goes over all jobs that wait for parents, in slices: each must wait for a job that is live, or dead and held out for,
 * or about to be told. An end that nobody tells is noted anew, and the follow-ups' timer tells it; a parent that is gone
 * for good is told as a cancelled one. It must find nothing miscounted or untold: who ends a job notes it.
 */
export async function mendChildren(pool: Pool, mended: (slice: MendedChildren) => void): Promise<void> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const children = await findWaitingChildren(pool, after, slice);
    const ids = children.map(({ jobId }) => jobId);
    const wrong = children.filter(({ miscounted }) => miscounted).map(({ jobId }) => jobId);
    const parents = await findUntoldParents(pool, ids);
    if (wrong.length + parents.length > 0) {
      const miscounted = await inTransaction(pool, async (tx) => {
        const counted = await recountParents(tx, wrong);
        await scheduleChildren(tx, counted);
        await noteFollowUps(tx, parents);
        return counted.length;
      });
      const untold = parents.filter(({ stray }) => stray).length;
      mended({ miscounted, untold, purged: parents.length - untold });
    }
    if (children.length < slice) return;
    after = ids.at(-1)!;
  }
}
