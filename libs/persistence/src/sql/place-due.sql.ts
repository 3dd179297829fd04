import type { Transaction } from '../transaction/transaction.js';
import { isDue } from './deadline.sql.js';
import { laneColumns, type LaneKey, laneRows, ofLane } from './lane-key.js';
import { run } from './statement.js';

const text = `
WITH due AS (
  SELECT j.id, k.*, row_number() OVER (PARTITION BY k.tenant_id, k.queue, k.ordering_key ORDER BY j.run_at, j.id) AS n
  FROM ${laneRows} JOIN baton.job j ON ${ofLane('j')}
  WHERE j.state = 'scheduled' AND j.lane_place IS NULL AND j.pending_parents = 0 AND j.run_at <= (SELECT baton.now())
), lanes AS (
  UPDATE baton.lane l SET next_place = l.next_place + k.n
  FROM (SELECT tenant_id, queue, ordering_key, count(*) AS n FROM due GROUP BY 1, 2, 3) AS k
  WHERE ${ofLane('l')}
  RETURNING l.tenant_id, l.queue, l.ordering_key, l.next_place - k.n AS first
)
UPDATE baton.job j SET state = 'held', reason = 'lane', lane_place = k.first + due.n - 1, seq = j.seq + 1, ${isDue('j')}
FROM due JOIN lanes k ON ${ofLane('due')}
WHERE j.id = due.id AND j.state = 'scheduled'
RETURNING j.id`;

/**
 * Gives the lanes' own due jobs their places, by due time, then id. Whoever holds a lane's lock does so before
 * it adds a place of its own, so that a late timer lets nobody pass.
 */
export async function placeDue(tx: Transaction, keys: readonly LaneKey[]): Promise<void> {
  if (keys.length === 0) return;
  tx.locking('jobs');
  await run(tx, 'place-due', text, laneColumns(keys));
}
