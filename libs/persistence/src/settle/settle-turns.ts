import type { Pool } from 'pg';
import { passLate } from '../limits/pass-late.js';
import { advanceLanes } from '../sql/advance-lanes.sql.js';
import { finishPlainJobs } from '../sql/finish-jobs.sql.js';
import { sortedLanes } from '../sql/lane-key.js';
import { lockAllLanes } from '../sql/lock-lanes.sql.js';
import type { Offer } from '../sql/offer.js';
import { placeDue } from '../sql/place-due.sql.js';
import { inOneTrip } from '../transaction/transaction.js';
import { plainFinishes, plainReport, type PlainSettle } from './settle-plain.js';
import { firstOfEachAttempt, laneOf, type Settlement } from './settlement.js';

/**
 * Settles plain successes of which some are of lanes, in one round trip: the statements of any settle, sent before it is
 * known that the lanes are free. The turns of a lane come one after the other, so what a turn is spared all of them are.
 * @throws where another transaction holds one of the lanes (SQLSTATE 55P03), or PostgreSQL refuses a member: nothing was
 *   written, unless the connection broke
 */
export async function settleTurns(
  pool: Pool,
  settlements: readonly Settlement[],
  offer: Offer | undefined,
): Promise<PlainSettle> {
  const said = firstOfEachAttempt(settlements);
  const lanes = sortedLanes(said.flatMap((each) => laneOf(each) ?? []));
  const { tx, finished, released } = await inOneTrip(pool, async (tx) => {
    tx.offer = offer;
    const [, finished, , released] = await Promise.all([
      lockAllLanes(tx, lanes),
      finishPlainJobs(tx, plainFinishes(said)),
      placeDue(tx, lanes),
      advanceLanes(tx, lanes),
    ]);
    return { tx, finished, released };
  });
  const { report, left } = plainReport(settlements, said, finished);
  return { report: { ...report, ...(await passLate(pool, { tx, released })) }, left };
}
