import type { Transaction } from '../transaction/transaction.js';
import { laneColumns, type LaneKey, laneRows, ofLane, sortedLanes } from './lane-key.js';
import { run } from './statement.js';

const text = `
SELECT FROM ${laneRows} JOIN baton.lane l ON ${ofLane('l')}
ORDER BY l.tenant_id, l.queue, l.ordering_key
FOR UPDATE OF l`;

/**
 * Locks those of the lanes that exist, waiting for each in turn. Only for a request that found some lane busy time
 * and again, alone in its transaction: everyone else skips busy lanes, and those who wait do so in one order.
 */
export async function waitForLanes(tx: Transaction, keys: Iterable<LaneKey>): Promise<void> {
  tx.locking('lanes');
  await run(tx, 'wait-for-lanes', text, laneColumns(sortedLanes(keys)));
}
