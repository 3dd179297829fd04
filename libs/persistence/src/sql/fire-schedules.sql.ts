import type { Transaction } from '../transaction/transaction.js';
import { scheduleColumns, type ScheduleRow } from './schedules.sql.js';
import { run, type Queryable } from './statement.js';

export type DueSchedule = ScheduleRow & { nextAtMs: number };

const lock = `
SELECT ${scheduleColumns} FROM baton.schedule
WHERE next_at <= (SELECT baton.now()) AND (retry_at IS NULL OR retry_at <= (SELECT baton.now()))
ORDER BY next_at LIMIT $1
FOR UPDATE SKIP LOCKED`;

/**
 * Locks schedules whose next run is due, before anything else is locked: one that somebody else has locked is being
 * fired, or changed, by them.
 */
export async function lockDueSchedules(tx: Transaction, limit: number): Promise<DueSchedule[]> {
  return run<DueSchedule & { [column: string]: unknown }>(tx, 'lock-due-schedules', lock, [limit]);
}

export interface FiredSchedule {
  tenantId: string;
  name: string;
  /** As it was read: whoever finds another has been overtaken. */
  nextAtMs: number;
  /** What follows; null: nothing. */
  thenAtMs: number | null;
  /** The last run; null: none was fired. */
  lastAtMs: number | null;
  lastJobId: string | null;
  lastError: string | null;
}

const advance = `
UPDATE baton.schedule s SET next_at = to_timestamp(f.then_ms / 1000), retry_at = NULL,
  last_at = coalesce(to_timestamp(f.last_ms / 1000), s.last_at),
  last_fired_at = CASE WHEN f.last_ms IS NULL THEN s.last_fired_at ELSE (SELECT baton.now()) END,
  last_job_id = CASE WHEN f.last_ms IS NULL THEN s.last_job_id ELSE f.job_id END,
  last_error = CASE WHEN f.last_ms IS NULL THEN s.last_error ELSE f.error END
FROM unnest($1::uuid[], $2::text[], $3::float8[], $4::float8[], $5::float8[], $6::uuid[], $7::text[])
  AS f(tenant_id, name, next_ms, then_ms, last_ms, job_id, error)
WHERE s.tenant_id = f.tenant_id AND s.name = f.name AND s.next_at = to_timestamp(f.next_ms / 1000)`;

/** Moves fired schedules on to their next runs. The transaction has locked them. */
export async function advanceSchedules(tx: Transaction, fired: readonly FiredSchedule[]): Promise<void> {
  if (fired.length === 0) return;
  await run(tx, 'advance-schedules', advance, [
    fired.map((f) => f.tenantId),
    fired.map((f) => f.name),
    fired.map((f) => f.nextAtMs),
    fired.map((f) => f.thenAtMs),
    fired.map((f) => f.lastAtMs),
    fired.map((f) => f.lastJobId),
    fired.map((f) => f.lastError),
  ]);
}

/** Before runs are tried again that their queue does not take, milliseconds. */
const retryMs = 5_000;

const defer = `
UPDATE baton.schedule s SET retry_at = (SELECT baton.now()) + ${retryMs} * interval '1 ms', last_at = to_timestamp(f.last_ms / 1000),
  last_fired_at = (SELECT baton.now()), last_job_id = NULL, last_error = f.error
FROM unnest($1::uuid[], $2::text[], $3::float8[], $4::float8[], $5::text[]) AS f(tenant_id, name, next_ms, last_ms, error)
WHERE s.tenant_id = f.tenant_id AND s.name = f.name AND s.next_at = to_timestamp(f.next_ms / 1000)`;

/** Leaves schedules due, to be tried again in a while, and says why. The transaction has locked them. */
export async function deferSchedules(tx: Transaction, refused: readonly FiredSchedule[]): Promise<void> {
  if (refused.length === 0) return;
  await run(tx, 'defer-schedules', defer, [
    refused.map((f) => f.tenantId),
    refused.map((f) => f.name),
    refused.map((f) => f.nextAtMs),
    refused.map((f) => f.lastAtMs),
    refused.map((f) => f.lastError),
  ]);
}

const next = `
SELECT floor(extract(epoch FROM baton.now()) * 1000)::bigint AS "nowMs",
  ceil(extract(epoch FROM least((SELECT min(next_at) FROM baton.schedule WHERE retry_at IS NULL),
    (SELECT min(retry_at) FROM baton.schedule WHERE retry_at IS NOT NULL))) * 1000)::bigint AS "nextAtMs"`;

/** PostgreSQL's time, and when the next schedule is due, milliseconds since the epoch; null: none is. */
export async function findNextSchedule(db: Queryable): Promise<{ nowMs: number; nextAtMs: number | null }> {
  const [row] = await run<{ nowMs: number; nextAtMs: number | null }>(db, 'find-next-schedule', next, []);
  if (!row) throw new TypeError('find-next-schedule returned no row');
  return row;
}
