import { run, type Queryable } from './statement.js';

/** Tables that go by whole days, with the column that says which. History lies ahead: its days are those on which it goes. */
export const dayTables = [
  { table: 'job_history', column: 'drop_day' },
  { table: 'job_attempt', column: 'finished_at' },
  { table: 'job_event', column: 'at' },
  { table: 'publish_log', column: 'published_at' },
] as const;
export type DayTable = (typeof dayTables)[number]['table'];

const list = `
SELECT p.relname AS table, c.relname AS name, to_date(right(c.relname, 8), 'YYYYMMDD')::text AS day
FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid
JOIN pg_namespace n ON n.oid = p.relnamespace
WHERE n.nspname = 'baton' AND c.relname ~ '_[0-9]{8}$'`;

export interface DayPartition {
  table: string;
  name: string;
  /** `YYYY-MM-DD`, UTC. */
  day: string;
}

export function listDayPartitions(db: Queryable): Promise<DayPartition[]> {
  return run<DayPartition & { [column: string]: unknown }>(db, 'list-day-partitions', list, []);
}

/** The database's day, UTC: `YYYY-MM-DD`. */
export async function today(db: Queryable): Promise<string> {
  const [row] = await run<{ day: string }>(
    db,
    'today',
    `SELECT (baton.now() AT TIME ZONE 'UTC')::date::text AS day`,
    [],
  );
  if (!row) throw new TypeError('today returned no row');
  return row.day;
}

/**
 * Makes a table's partition of one day. It is made apart and then attached, since CREATE … PARTITION OF would lock
 * the whole table against readers and writers. What the default partition holds of that day is moved: little, since
 * partitions are made days ahead.
 * @param day `YYYY-MM-DD`, UTC
 */
export async function makeDayPartition(
  db: Queryable,
  { table, day }: { table: DayTable; day: string },
): Promise<void> {
  const { column } = dayTables.find((each) => each.table === table)!;
  const name = `${table}_${day.replaceAll('-', '')}`;
  const [from, to] = [`${day} 00:00:00+00`, `${dayAfter(day)} 00:00:00+00`];
  const text = `
DO $$ BEGIN
  SET LOCAL lock_timeout = '2s';
  CREATE TABLE IF NOT EXISTS baton.${name} (LIKE baton.${table} INCLUDING ALL,
    CONSTRAINT ${name}_day CHECK (${column} IS NOT NULL AND ${column} >= '${from}' AND ${column} < '${to}'));
  LOCK TABLE baton.${table}_default IN ACCESS EXCLUSIVE MODE;
  WITH moved AS (DELETE FROM baton.${table}_default WHERE ${column} >= '${from}' AND ${column} < '${to}' RETURNING *)
    INSERT INTO baton.${name} SELECT * FROM moved;
  ALTER TABLE baton.${table} ATTACH PARTITION baton.${name} FOR VALUES FROM ('${from}') TO ('${to}');
  ALTER TABLE baton.${name} DROP CONSTRAINT ${name}_day;
END $$`;
  await db.query({ text, values: [] });
}

/** Drops a partition with all in it. */
export async function dropDayPartition(
  db: Queryable,
  { table, day }: { table: DayTable; day: string },
): Promise<void> {
  const name = `${table}_${day.replaceAll('-', '')}`;
  await db.query({
    text: `DO $$ BEGIN SET LOCAL lock_timeout = '2s'; DROP TABLE IF EXISTS baton.${name}; END $$`,
    values: [],
  });
}

const oldest = `
SELECT least((SELECT created_at FROM baton.job ORDER BY id LIMIT 1), (SELECT created_at FROM baton.job_history ORDER BY id LIMIT 1),
  baton.now()) AS at`;

/** When the oldest job that is kept was accepted: attempts and events of days before belong to none. */
export async function oldestJobAt(db: Queryable): Promise<Date> {
  const [row] = await run<{ at: Date }>(db, 'oldest-job-at', oldest, []);
  if (!row) throw new TypeError('oldest-job-at returned no row');
  return row.at;
}

/** Whether a day's attempts or events belong to no job that is kept. Reads the whole partition. */
export async function isOrphaned(
  db: Queryable,
  { table, day }: { table: 'job_attempt' | 'job_event'; day: string },
): Promise<boolean> {
  const { rows } = await db.query<{ orphaned: boolean }>({
    text: `SELECT NOT EXISTS (SELECT FROM baton.${table}_${day.replaceAll('-', '')} a WHERE EXISTS (SELECT FROM baton.job j WHERE j.id = a.job_id)
      OR EXISTS (SELECT FROM baton.job_history h WHERE h.id = a.job_id)) AS orphaned`,
    values: [],
  });
  return rows[0]?.orphaned ?? false;
}

/** What came into the publish log before its days had partitions. */
export async function sweepPublishLogDefault(db: Queryable, days: number): Promise<void> {
  const text = `DELETE FROM baton.publish_log_default WHERE published_at < (SELECT baton.now()) - $1 * interval '1 day'`;
  await run(db, 'sweep-publish-log-default', text, [days]);
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}
