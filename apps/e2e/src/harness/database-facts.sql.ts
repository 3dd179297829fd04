import { lockClasses } from '@baton/persistence';

export const holdersOfShards = `
SELECT pid, count(*)::int AS shards FROM pg_locks
WHERE locktype = 'advisory' AND classid = ${lockClasses.shard} AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
GROUP BY pid`;

export const sessionsWithSnapshot = `
SELECT application_name FROM pg_stat_activity
WHERE application_name LIKE 'baton%' AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()
  AND coalesce(xact_start, query_start) < clock_timestamp() - $1 * interval '1 ms' - interval '1 s'`;

export const upFor = `
SELECT pg_postmaster_start_time() < clock_timestamp() - ($1 + 500) * interval '1 ms' AS past`;
