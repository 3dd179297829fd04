import type { HoldReason, JobState } from '@baton/contracts';
import type { Transaction } from '../transaction/transaction.js';
import type { LaneKey } from './lane-key.js';
import { run, type Queryable } from './statement.js';

const lane = `SELECT tenant_id AS "tenantId", queue, ordering_key AS "orderingKey" FROM baton.job
WHERE tenant_id = $1 AND id = $2 AND ordering_key IS NOT NULL`;

/** The lane of a live job, which is to be locked before the job is. */
export async function findLaneOf(
  db: Queryable,
  tenantId: string,
  jobId: string,
): Promise<LaneKey | undefined> {
  const [row] = await run<LaneKey & { [column: string]: unknown }>(db, 'find-lane-of', lane, [
    tenantId,
    jobId,
  ]);
  return row;
}

export interface JobToReschedule {
  tenantId: string;
  jobId: string;
  /** Milliseconds since the epoch, or from now: one of them. */
  runAtMs?: number | undefined;
  delayMs?: number | undefined;
}

export interface RescheduledJob {
  /** Before. */
  state: JobState;
  reason: HoldReason | null;
  queue: string;
  tenantId: string;
  orderingKey: string | null;
  concurrencyKey: string | null;
  slots: number;
  moved: boolean;
  runAtMs: number;
}

// A scheduled one keeps its place: it is its lane's holder, in backoff. What waits for admission goes on waiting for it:
// its place in a trace is given there. The deadline counts from when a job becomes due, which is yet to come.
const text = `
WITH target AS (
  SELECT * FROM baton.job WHERE tenant_id = $1 AND id = $2 FOR UPDATE
), moved AS (
  UPDATE baton.job j SET
    state = CASE WHEN t.reason = 'admission' THEN t.state ELSE 'scheduled' END,
    reason = CASE WHEN t.reason = 'admission' THEN t.reason END,
    run_at = coalesce(to_timestamp($3::float8 / 1000), (SELECT baton.now()) + $4::float8 * interval '1 ms'),
    lane_place = CASE WHEN t.state = 'scheduled' THEN t.lane_place END,
    gate = NULL, slots = 0, deadline_at = NULL, overdue_at = NULL
  FROM target t WHERE j.id = t.id AND t.state IN ('scheduled', 'held')
  RETURNING j.id, floor(extract(epoch FROM j.run_at) * 1000)::bigint AS run_at_ms
), left_lane AS (
  UPDATE baton.lane l SET holder = NULL FROM target t
  WHERE t.state = 'held' AND l.tenant_id = t.tenant_id AND l.queue = t.queue AND l.ordering_key = t.ordering_key AND l.holder = t.id
)
SELECT t.state, t.reason, t.queue, t.tenant_id AS "tenantId", t.ordering_key AS "orderingKey", t.concurrency_key AS "concurrencyKey",
  t.slots, m.id IS NOT NULL AS moved, m.run_at_ms AS "runAtMs"
FROM target t LEFT JOIN moved m ON m.id = t.id`;

/**
 * Gives a scheduled or held job a new time. A held one gives up its place in its lane, and its slots, which the caller
 * frees. Its lane is locked.
 * @returns undefined when no live job of the tenant has the id; `moved: false` when its state does not allow it
 */
export async function rescheduleRow(
  tx: Transaction,
  { tenantId, jobId, runAtMs, delayMs }: JobToReschedule,
): Promise<RescheduledJob | undefined> {
  tx.locking('jobs');
  const values = [tenantId, jobId, runAtMs ?? null, delayMs ?? null];
  const [row] = await run<RescheduledJob & { [column: string]: unknown }>(tx, 'reschedule-job', text, values);
  return row;
}
