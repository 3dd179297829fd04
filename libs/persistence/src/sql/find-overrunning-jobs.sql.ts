import { timing } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

export interface OverrunningJob {
  jobId: string;
  tenantId: string;
  queue: string;
  orderingKey: string | null;
  attempt: number;
  executionId: string;
  workerId: string;
  timeoutMs: number;
  startedAtMs: number;
  source: 'polling' | 'event';
}

// One that is to run alone and waits for its turn in its worker has not begun.
const text = `
SELECT id AS "jobId", tenant_id AS "tenantId", queue, ordering_key AS "orderingKey", attempt, mode AS source,
  execution_id AS "executionId", worker_id AS "workerId", timeout_ms AS "timeoutMs",
  floor(extract(epoch FROM started_at) * 1000)::bigint AS "startedAtMs"
FROM baton.job
WHERE state = 'running' AND (alone OR NOT careful OR mode = 'event') AND started_at + (timeout_ms + ${timing.timeoutGraceMs}) * interval '1 ms' < (SELECT baton.now())
LIMIT $1`;

/** Running jobs whose worker has let their timeout, and the grace after it, go by. */
export function findOverrunningJobs(db: Queryable, limit: number): Promise<OverrunningJob[]> {
  return run<OverrunningJob & { [column: string]: unknown }>(db, 'find-overrunning-jobs', text, [limit]);
}
