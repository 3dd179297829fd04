import { announceAt, dropDayOf } from './expiry.sql.js';
import { run, type Queryable } from './statement.js';

/** A file that is to be looked at: moved to S3, announced as expiring, or dropped. */
export interface DueFile {
  jobId: string;
  attempt: number;
  executionId: string;
  mediaType: string;
  /** In S3; null: in PostgreSQL still. */
  key: string | null;
  /** By PostgreSQL's clock its time is over. */
  over: boolean;
}

// A lease: whoever dies over it leaves it to the next who looks.
const claim = `
WITH due AS (
  SELECT id, drop_day FROM baton.job_history
  WHERE tier_at <= (SELECT baton.now()) AND (file_key IS NOT NULL OR $2) ORDER BY tier_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE baton.job_history h SET tier_at = baton.now() + interval '1 minute' FROM due WHERE h.id = due.id AND h.drop_day = due.drop_day
RETURNING h.id AS "jobId", h.attempt, h.execution_id AS "executionId", h.file_type AS "mediaType", h.file_key AS key,
  h.result_until <= baton.now() AS over`;

/** Takes files that are due, each for a minute. @param options.moving false: there is no S3 to move any to */
export function claimDueFiles(
  db: Queryable,
  { limit, moving }: { limit: number; moving: boolean },
): Promise<DueFile[]> {
  return run<DueFile & { [column: string]: unknown }>(db, 'claim-due-files', claim, [limit, moving]);
}

// The row moves to another partition where the file is to outlive it.
const move = `
UPDATE baton.job_history h SET file = NULL, file_key = $3, result_until = m.until, tier_at = ${announceAt('m.until', 'm.warm_ms')},
  expires_at = greatest(h.expires_at, m.until), drop_day = ${dropDayOf('greatest(h.expires_at, m.until)')}
FROM (
  SELECT h.id, coalesce(q.results_warm_ms, 86400000) AS warm_ms,
    greatest(baton.now() + coalesce(q.results_warm_ms, 86400000) * interval '1 ms', h.result_until) AS until
  FROM baton.job_history h LEFT JOIN baton.queue q ON q.name = h.queue WHERE h.id = $1
) m
WHERE h.id = $1 AND m.id = h.id AND h.execution_id = $2 AND h.file IS NOT NULL AND h.file_key IS NULL
RETURNING 1 AS one`;

/**
 * Lets a file's row point to its copy in S3, and lets go of the bytes here, in one step: a reader finds one or the other.
 * @returns false when it was moved before, or is gone
 */
export async function pointToObject(
  db: Queryable,
  { jobId, executionId, key }: { jobId: string; executionId: string; key: string },
): Promise<boolean> {
  return (await run(db, 'point-to-object', move, [jobId, executionId, key])).length > 0;
}

const announce = `
WITH told AS (
  UPDATE baton.job_history h SET seq = seq + 1, told_after = told_after + 1, tier_at = result_until
  FROM (SELECT name, results_warm_ms FROM baton.queue) q
  WHERE h.id = $1 AND q.name = h.queue AND h.file_key IS NOT NULL AND ${announceAt('h.result_until', 'q.results_warm_ms')} <= baton.now()
    AND h.result_until > baton.now()
  RETURNING h.id, h.tenant_id, h.queue, h.generation, h.seq, h.result_until
), noted AS (
  INSERT INTO baton.job_event (job_id, tenant_id, generation, seq, type, at, data)
  SELECT id, tenant_id, generation, seq, 'result.expiring', (SELECT baton.now()),
    json_build_object('expiresAt', to_char(result_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'links', json_build_object('extend', '/v1/results/' || id || '/extend'))::text
  FROM told
), published AS (
  INSERT INTO baton.event_cursor (job_id, generation, seq) SELECT t.id, t.generation, t.seq - 1
  FROM told t JOIN baton.queue q ON q.name = t.queue AND q.events ON CONFLICT (job_id) DO NOTHING
)
SELECT id FROM told`;

/** Appends `result.expiring` to the log of the file's job. @returns false when it is not the time, or was extended meanwhile */
export async function noteExpiring(db: Queryable, jobId: string): Promise<boolean> {
  return (await run(db, 'note-expiring', announce, [jobId])).length > 0;
}

const drop = `
WITH gone AS (
  SELECT id, drop_day, file_key FROM baton.job_history
  WHERE id = $1 AND file_key IS NOT NULL AND result_until <= (SELECT baton.now()) FOR UPDATE
), dropped AS (
  UPDATE baton.job_history h SET file_key = NULL, tier_at = NULL FROM gone WHERE h.id = gone.id AND h.drop_day = gone.drop_day
)
INSERT INTO baton.object_garbage (key) SELECT file_key FROM gone ON CONFLICT (key) DO NOTHING RETURNING key`;

/** Forgets a file whose time is over; its object goes a while later. @returns false when it was extended meanwhile */
export async function dropFile(db: Queryable, jobId: string): Promise<boolean> {
  return (await run(db, 'drop-file', drop, [jobId])).length > 0;
}

const extend = `
WITH e AS (
  SELECT h.id, h.drop_day, h.file_key, greatest(coalesce(h.result_until, h.expires_at),
    least(coalesce(h.result_until, h.expires_at) + $3 * interval '1 ms', baton.now() + $4 * interval '1 ms')) AS until,
    coalesce(q.results_warm_ms, 86400000) AS warm_ms
  FROM baton.job_history h LEFT JOIN baton.queue q ON q.name = h.queue
  WHERE h.id = $1 AND h.tenant_id = $2 AND h.state = 'succeeded' AND coalesce(h.result_until, h.expires_at) > (SELECT baton.now())
    AND (h.result_kind IS DISTINCT FROM 'file' OR h.file IS NOT NULL OR h.file_key IS NOT NULL)
  FOR UPDATE OF h
)
UPDATE baton.job_history h SET result_until = e.until,
  tier_at = CASE WHEN e.file_key IS NULL THEN h.tier_at ELSE ${announceAt('e.until', 'e.warm_ms')} END,
  expires_at = greatest(h.expires_at, e.until), drop_day = ${dropDayOf('greatest(h.expires_at, e.until)')}
FROM e WHERE h.id = e.id AND h.drop_day = e.drop_day
RETURNING floor(extract(epoch FROM h.result_until) * 1000)::bigint AS "untilMs"`;

/**
 * Keeps a job's result for longer, and its row with it.
 * @param wanted.byMs how much longer @param wanted.mostMs from now on at most
 * @returns until when it is kept now; undefined where there is none to keep: unknown, not succeeded, or gone
 */
export async function extendResult(
  db: Queryable,
  { jobId, tenantId, byMs, mostMs }: { jobId: string; tenantId: string; byMs: number; mostMs: number },
): Promise<number | undefined> {
  const values = [jobId, tenantId, byMs, mostMs];
  return (await run<{ untilMs: number }>(db, 'extend-result', extend, values))[0]?.untilMs;
}
