import type { Transaction } from '../transaction/transaction.js';
import { offerValues } from './hand-over.sql.js';
import { laneColumns, type LaneKey, laneRows, ofLane } from './lane-key.js';
import { firstGate, type GoneRow, type Released, releasedOf, releasing } from './release-jobs.sql.js';
import { run } from './statement.js';

// A holder that is no live job any more is terminal: its turn is over.
const turns = `free AS MATERIALIZED (
  SELECT k.*, (
    SELECT j.id FROM baton.job j WHERE ${ofLane('j')} AND j.state = 'held' AND j.reason = 'lane'
    ORDER BY j.lane_place LIMIT 1
  ) AS next
  FROM ${laneRows} JOIN baton.lane l ON ${ofLane('l')}
  WHERE l.holder IS NULL OR NOT EXISTS (SELECT FROM baton.job j WHERE j.id = l.holder)
), idle AS (
  DELETE FROM baton.lane l USING free k WHERE ${ofLane('l')} AND k.next IS NULL
), holders AS (
  UPDATE baton.lane l SET holder = k.next FROM free k WHERE ${ofLane('l')} AND k.next IS NOT NULL
), `;

const text = releasing({
  before: turns,
  from: 'free k JOIN baton.job j ON j.id = k.next',
  gate: firstGate,
  first: 4,
});

/**
 * Where a lane's holder is terminal (or there is none), the job of the lowest place becomes its holder and is
 * released, as by `releaseJobs`; an idle lane's row is deleted. The transaction holds the lanes' locks, and this is a
 * statement of its own after the one that ended the holder: in one statement with it, its snapshot would be older than
 * the accept that it waited for, and that accept's job would stand in the lane for ever.
 */
export async function advanceLanes(tx: Transaction, keys: readonly LaneKey[]): Promise<Released[]> {
  if (keys.length === 0) return [];
  tx.locking('jobs');
  const values = [...laneColumns(keys), ...offerValues(tx)];
  return releasedOf(
    tx,
    await run<GoneRow & { [column: string]: unknown }>(tx, 'advance-lanes', text, values),
  );
}
