import { run, type Queryable } from './statement.js';

export const catchUps = ['skip', 'one', 'all'] as const;
/** What becomes of runs that were due while nobody could fire them. */
export type CatchUp = (typeof catchUps)[number];

export interface ScheduleSettings {
  queue: string;
  cron: string;
  timezone: string;
  /** JSON, as is `job`: what else each job is given. */
  payload: string;
  job: string;
  jitterMs: number;
  catchUp: CatchUp;
  paused: boolean;
}

/** Times are milliseconds since the epoch. */
export interface ScheduleRow extends ScheduleSettings {
  tenantId: string;
  name: string;
  /** null: it is paused, or no run follows. */
  nextAtMs: number | null;
  /** Its last run: when it should have been, when it was, and the job. */
  lastAtMs: number | null;
  lastFiredAtMs: number | null;
  lastJobId: string | null;
  /** JSON `{code, message}`: why the last run made no job. */
  lastError: string | null;
  createdAtMs: number;
  updatedAtMs: number;
  /** PostgreSQL's time of this reading. */
  nowMs: number;
}

const ms = (column: string, name: string): string =>
  `floor(extract(epoch FROM ${column}) * 1000)::bigint AS "${name}"`;

export const scheduleColumns = `tenant_id AS "tenantId", name, queue, cron, timezone, payload, job, jitter_ms AS "jitterMs",
  catch_up AS "catchUp", paused_at IS NOT NULL AS paused, last_job_id AS "lastJobId", last_error AS "lastError",
  ${ms('next_at', 'nextAtMs')}, ${ms('last_at', 'lastAtMs')}, ${ms('last_fired_at', 'lastFiredAtMs')},
  ${ms('created_at', 'createdAtMs')}, ${ms('updated_at', 'updatedAtMs')}, ${ms('(SELECT baton.now())', 'nowMs')}`;

const now = `SELECT ${ms('baton.now()', 'nowMs')}`;

/** PostgreSQL's time, milliseconds since the epoch. */
export async function readNow(db: Queryable): Promise<number> {
  const [row] = await run<{ nowMs: number }>(db, 'read-now', now, []);
  if (!row) throw new TypeError('read-now returned no row');
  return row.nowMs;
}

// As long as its runs stay what they are, the next one stays too: also one that is due this very moment.
const put = `
INSERT INTO baton.schedule (tenant_id, name, queue, cron, timezone, payload, job, jitter_ms, catch_up, paused_at, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $10 THEN baton.now() END, CASE WHEN NOT $10 THEN to_timestamp($11::float8 / 1000) END)
ON CONFLICT (tenant_id, name) DO UPDATE SET queue = excluded.queue, cron = excluded.cron, timezone = excluded.timezone,
  payload = excluded.payload, job = excluded.job, jitter_ms = excluded.jitter_ms, catch_up = excluded.catch_up,
  paused_at = CASE WHEN $10 THEN coalesce(schedule.paused_at, excluded.paused_at) END,
  next_at = CASE WHEN schedule.paused_at IS NULL AND NOT $10 AND schedule.cron = excluded.cron AND schedule.timezone = excluded.timezone
    THEN schedule.next_at ELSE excluded.next_at END, retry_at = NULL,
  updated_at = (SELECT baton.now())
RETURNING ${scheduleColumns}, xmax = 0 AS created`;

/** Makes a schedule, or sets it whole. @param nextAtMs its next run, for one that is new, resumed or changed */
export async function putSchedule(
  db: Queryable,
  {
    tenantId,
    name,
    nextAtMs,
    ...s
  }: ScheduleSettings & Pick<ScheduleRow, 'tenantId' | 'name'> & { nextAtMs: number },
): Promise<ScheduleRow & { created: boolean }> {
  const values = [
    tenantId,
    name,
    s.queue,
    s.cron,
    s.timezone,
    s.payload,
    s.job,
    s.jitterMs,
    s.catchUp,
    s.paused,
    nextAtMs,
  ];
  const [row] = await run<ScheduleRow & { created: boolean; [column: string]: unknown }>(
    db,
    'put-schedule',
    put,
    values,
  );
  if (!row) throw new TypeError('put-schedule returned no row');
  return row;
}

const pause = `
UPDATE baton.schedule SET paused_at = CASE WHEN $3 THEN coalesce(paused_at, (SELECT baton.now())) END,
  next_at = CASE WHEN $3 THEN NULL WHEN paused_at IS NULL THEN next_at ELSE to_timestamp($4::float8 / 1000) END,
  retry_at = NULL, updated_at = (SELECT baton.now())
WHERE tenant_id = $1 AND name = $2
RETURNING ${scheduleColumns}`;

/** Pauses a schedule, or lets one that is paused go on. @param nextAtMs its next run, should it be resumed */
export async function pauseSchedule(
  db: Queryable,
  {
    tenantId,
    name,
    paused,
    nextAtMs,
  }: { tenantId: string; name: string; paused: boolean; nextAtMs: number | null },
): Promise<ScheduleRow | undefined> {
  const [row] = await run<ScheduleRow & { [column: string]: unknown }>(db, 'pause-schedule', pause, [
    tenantId,
    name,
    paused,
    nextAtMs,
  ]);
  return row;
}

const read = `SELECT ${scheduleColumns} FROM baton.schedule WHERE tenant_id = $1 AND name = $2`;

export async function readSchedule(
  db: Queryable,
  tenantId: string,
  name: string,
): Promise<ScheduleRow | undefined> {
  const [row] = await run<ScheduleRow & { [column: string]: unknown }>(db, 'read-schedule', read, [
    tenantId,
    name,
  ]);
  return row;
}

const list = `SELECT ${scheduleColumns} FROM baton.schedule
WHERE tenant_id = $1 AND name COLLATE "C" > $2 ORDER BY name COLLATE "C" LIMIT $3`;

/** A tenant's schedules by name, those after `after`. */
export async function listSchedules(
  db: Queryable,
  tenantId: string,
  { after = '', limit }: { after?: string | undefined; limit: number },
): Promise<ScheduleRow[]> {
  return run<ScheduleRow & { [column: string]: unknown }>(db, 'list-schedules', list, [
    tenantId,
    after,
    limit,
  ]);
}

const remove = `DELETE FROM baton.schedule WHERE tenant_id = $1 AND name = $2 RETURNING name`;

/** @returns false when it was not there */
export async function deleteSchedule(db: Queryable, tenantId: string, name: string): Promise<boolean> {
  return (await run(db, 'delete-schedule', remove, [tenantId, name])).length > 0;
}
