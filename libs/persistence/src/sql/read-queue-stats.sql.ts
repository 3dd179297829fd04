import type { DispatchMode, HoldReason, LiveState } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

/** How a queue stands, all tenants together. Times are milliseconds, and milliseconds since the epoch. */
export interface QueueStats {
  nowMs: number;
  /** Live jobs. */
  depth: readonly {
    state: LiveState;
    reason: HoldReason | null;
    mode: DispatchMode | null;
    count: number;
    oldestMs: number;
  }[];
  outbox: { rows: number; oldestMs: number | null };
  /** Of the sample: the jobs made last within the window that have ended, at most {@link sampleJobs}. */
  sample: number;
  acceptedInMinute: number;
  finishedInMinute: number;
  /** From the release to the start, and from the start to the end, of the last attempt: p50, p95, p99. */
  waitMs: readonly (number | null)[];
  runMs: readonly (number | null)[];
}

const sampleJobs = 2_000;
const windowMs = 3_600_000;

// Ids are UUIDv7: those made within the window lie together in their index, the latest last.
const text = `
WITH moment AS MATERIALIZED (SELECT baton.now() AS now),
depth AS (
  SELECT state, reason, mode, count(*) AS count, floor(extract(epoch FROM min(created_at)) * 1000)::bigint AS "oldestMs",
    count(*) FILTER (WHERE created_at > now - interval '1 minute') AS fresh
  FROM baton.job CROSS JOIN moment WHERE queue = $1 GROUP BY state, reason, mode
), ended AS MATERIALIZED (
  SELECT h.created_at, h.queued_at, h.started_at, h.finished_at FROM baton.job_history h
  WHERE h.queue = $1 AND h.id > $2::uuid ORDER BY h.id DESC LIMIT ${sampleJobs}
)
SELECT floor(extract(epoch FROM now) * 1000)::bigint AS "nowMs",
  coalesce((SELECT jsonb_agg(jsonb_build_object('state', state, 'reason', reason, 'mode', mode, 'count', count, 'oldestMs', "oldestMs")) FROM depth), '[]') AS depth,
  (SELECT jsonb_build_object('rows', count(*), 'oldestMs', floor(extract(epoch FROM min(created_at)) * 1000)) FROM baton.outbox WHERE queue = $1) AS outbox,
  (SELECT count(*) FROM ended) AS sample,
  coalesce((SELECT sum(fresh) FROM depth), 0) + (SELECT count(*) FROM ended WHERE created_at > now - interval '1 minute') AS "acceptedInMinute",
  (SELECT count(*) FROM ended WHERE finished_at > now - interval '1 minute') AS "finishedInMinute",
  (SELECT percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - queued_at) * 1000) FROM ended) AS "waitMs",
  (SELECT percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - started_at) * 1000) FROM ended) AS "runMs"
FROM moment`;

/** One look over the queue's live jobs and a sample of its ended ones: for people, not for each request. */
export async function readQueueStats(db: Queryable, queue: string, nowMs: number): Promise<QueueStats> {
  const hex = Math.floor(nowMs - windowMs)
    .toString(16)
    .padStart(12, '0');
  const lowestId = `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
  type Row = Omit<QueueStats, 'acceptedInMinute'> & { acceptedInMinute: string };
  const [row] = await run<Row>(db, 'read-queue-stats', text, [queue, lowestId]);
  if (!row) throw new TypeError('read-queue-stats returned no row');
  const none = [null, null, null];
  return {
    ...row,
    acceptedInMinute: Number(row.acceptedInMinute),
    waitMs: row.waitMs ?? none,
    runMs: row.runMs ?? none,
  };
}
