import type { LaneKey } from './lane-key.js';
import { run, type Queryable } from './statement.js';

const text = `
SELECT DISTINCT tenant_id AS "tenantId", queue, ordering_key AS "orderingKey" FROM baton.job
WHERE worker_id = $1 AND state = 'running' AND ordering_key IS NOT NULL AND (alone OR death = 'unsure')`;

/** Lanes of what a worker runs that its loss may end: they are locked before the jobs are. */
export function findCrashingLanes(db: Queryable, workerId: string): Promise<LaneKey[]> {
  return run<LaneKey & { [column: string]: unknown }>(db, 'find-crashing-lanes', text, [workerId]);
}
