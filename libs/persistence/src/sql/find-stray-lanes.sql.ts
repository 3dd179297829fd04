import { laneColumns, type LaneKey, laneRows, ofLane } from './lane-key.js';
import { run, type Queryable } from './statement.js';

/** Nobody whose end would let the next of the lane `k` go: no live job holds it. */
const isStray = `NOT EXISTS (
  SELECT FROM baton.lane l JOIN baton.job h ON h.id = l.holder WHERE ${ofLane('l')}
)`;
const waits = (after: string): string => `
    SELECT j.tenant_id, j.queue, j.ordering_key FROM baton.job j
    WHERE j.state = 'held' AND j.reason = 'lane' AND (j.tenant_id, j.queue, j.ordering_key) > (${after})
    ORDER BY j.tenant_id, j.queue, j.ordering_key LIMIT 1`;

// The index is read from lane to lane, a probe each.
const waiting = `
WITH RECURSIVE found AS (
  SELECT f.* FROM (${waits('$1::uuid, $2::text, $3::text')}
  ) f
  UNION ALL
  SELECT n.* FROM found CROSS JOIN LATERAL (${waits('found.tenant_id, found.queue, found.ordering_key')}
  ) n
)
SELECT k.tenant_id AS "tenantId", k.queue, k.ordering_key AS "orderingKey", ${isStray} AS stray
FROM (SELECT * FROM found LIMIT $4) k`;

/** Lanes in which jobs wait for their turn, in order, those after one of them. */
export function findWaitingLanes(
  db: Queryable,
  { tenantId, queue, orderingKey }: LaneKey,
  limit: number,
): Promise<(LaneKey & { stray: boolean })[]> {
  type Row = LaneKey & { stray: boolean; [column: string]: unknown };
  return run<Row>(db, 'find-waiting-lanes', waiting, [tenantId, queue, orderingKey, limit]);
}

const still = `
SELECT k.tenant_id AS "tenantId", k.queue, k.ordering_key AS "orderingKey" FROM ${laneRows}
WHERE ${isStray} AND EXISTS (SELECT FROM baton.job j WHERE ${ofLane('j')} AND j.state = 'held' AND j.reason = 'lane')`;

/** Those of these lanes in which jobs wait that nobody would let go. */
export function findStrayLanes(db: Queryable, lanes: readonly LaneKey[]): Promise<LaneKey[]> {
  return run<LaneKey & { [column: string]: unknown }>(db, 'find-stray-lanes', still, laneColumns(lanes));
}
