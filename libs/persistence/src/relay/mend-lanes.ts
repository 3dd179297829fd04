import type { Pool } from 'pg';
import { passGates } from '../limits/pass-gates.js';
import { advanceLanes } from '../sql/advance-lanes.sql.js';
import { findStrayLanes, findWaitingLanes } from '../sql/find-stray-lanes.sql.js';
import { noTenant } from '../sql/gate-key.js';
import type { LaneKey } from '../sql/lane-key.js';
import { lockLanes } from '../sql/lock-lanes.sql.js';
import type { Released } from '../sql/release-jobs.sql.js';
import { inTransaction } from '../transaction/transaction.js';

/** Lanes of one look. */
const slice = 500;
const start: LaneKey = { tenantId: noTenant, queue: '', orderingKey: '' };

export interface MendedLanes {
  /** Lanes in which jobs waited, with no live job whose end would have let the next one go. */
  strays: number;
  released: Released[];
  /** When gates are due, milliseconds since the epoch. */
  openGates: string[];
}

/**
 * Goes over all lanes in which jobs wait, in slices, and lets the next of each go that no live job holds. It must find none:
 * whoever ends a lane's holder lets the next go in the same transaction. A lane that is locked is left for the next look.
 * @param mended is told of each slice in which there was one
 */
export async function mendLanes(pool: Pool, mended: (slice: MendedLanes) => void): Promise<void> {
  for (let after: LaneKey | undefined = start; after;) {
    const lanes: (LaneKey & { stray: boolean })[] = await findWaitingLanes(pool, after, slice);
    const strays = lanes.filter(({ stray }) => stray);
    if (strays.length > 0) mended(await mend(pool, strays));
    after = lanes.length === slice ? lanes.at(-1) : undefined;
  }
}

function mend(pool: Pool, lanes: readonly LaneKey[]): Promise<MendedLanes> {
  return inTransaction(pool, async (tx) => {
    const { locked } = await lockLanes(tx, lanes, { create: true });
    const { length: strays } = await findStrayLanes(tx, locked);
    const released = await advanceLanes(tx, locked);
    released.push(...(await passGates(tx)));
    return { strays, released, openGates: [...tx.openGates] };
  });
}
