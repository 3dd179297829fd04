import type { Transaction } from '../transaction/transaction.js';
import { laneColumns, type LaneKey, ofLane } from './lane-key.js';
import { run } from './statement.js';

const text = `
UPDATE baton.lane l SET next_place = l.next_place + k.n
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[]) AS k(tenant_id, queue, ordering_key, n)
WHERE ${ofLane('l')}
RETURNING l.tenant_id AS "tenantId", l.queue, l.ordering_key AS "orderingKey", l.next_place - k.n AS "firstPlace"`;

/**
 * Takes `count` places at the tail of each lane, which the transaction has locked.
 * @returns each lane's first place taken; the others follow it
 */
export async function takePlaces(
  tx: Transaction,
  counts: readonly (LaneKey & { count: number })[],
): Promise<(LaneKey & { firstPlace: number })[]> {
  return run(tx, 'take-places', text, [...laneColumns(counts), counts.map((c) => c.count)]);
}
