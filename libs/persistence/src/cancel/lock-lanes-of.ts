import { advanceLanes } from '../sql/advance-lanes.sql.js';
import { findLanesOf } from '../sql/cancel-jobs.sql.js';
import { laneId, type LaneKey } from '../sql/lane-key.js';
import { lockLanes } from '../sql/lock-lanes.sql.js';
import type { Released } from '../sql/release-jobs.sql.js';
import { waitForLanes } from '../sql/wait-for-lanes.sql.js';
import type { Transaction } from '../transaction/transaction.js';

/** Jobs whose lanes are locked (or that have none), and those whose lanes are locked elsewhere. */
export interface LanesOfJobs {
  free: string[];
  busy: string[];
  locked: LaneKey[];
}

/**
 * Locks the lanes of live jobs, before any job. A job that is not due yet may have no lane row: one is made, so that
 * nobody gives it a place meanwhile; {@link tidyLanes} removes what stays idle.
 * @param options.wait true: of a busy lane the lock is waited for. Only for a single lane, or a request alone
 */
export async function lockLanesOf(
  tx: Transaction,
  jobIds: readonly string[],
  { wait = false }: { wait?: boolean } = {},
): Promise<LanesOfJobs> {
  tx.locking('lanes');
  const found = await findLanesOf(tx, jobIds);
  if (found.length === 0) return { free: [...jobIds], busy: [], locked: [] };
  if (wait) await waitForLanes(tx, found);
  const { locked, busy } = await lockLanes(tx, found, { create: true });
  const notOurs = new Set(busy.map(laneId));
  const waiting = new Set(found.filter((lane) => notOurs.has(laneId(lane))).map(({ jobId }) => jobId));
  return {
    free: jobIds.filter((id) => !waiting.has(id)),
    busy: jobIds.filter((id) => waiting.has(id)),
    locked,
  };
}

/** Of lanes that are locked: the next go where there is nobody, and what is idle is deleted. */
export function tidyLanes(tx: Transaction, { locked }: LanesOfJobs): Promise<Released[]> {
  return advanceLanes(tx, locked);
}
