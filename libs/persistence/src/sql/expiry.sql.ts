/** Partitions of history are there for so many days to come; what expires later lies in one of its own. */
export const partitionedDays = 35;

/**
 * SQL: joins `expiry (expires_at, drop_day, hot_ms, warm_ms)` of a job that ends now, by its queue's retention for its
 * state and by how long that keeps results.
 * @param job the row @param state its last state @param file whether its result lies in S3: the row stays as long
 */
export const joinExpiry = (job: string, state: string, file = 'false'): string => `CROSS JOIN LATERAL (
    SELECT e.expires_at, e.hot_ms, e.warm_ms, CASE WHEN e.expires_at < (SELECT baton.now()) + interval '${partitionedDays} days'
      THEN (e.expires_at AT TIME ZONE 'UTC')::date ELSE 'infinity' END AS drop_day
    FROM (
      SELECT coalesce(q.results_hot_ms, 3600000) AS hot_ms, coalesce(q.results_warm_ms, 86400000) AS warm_ms,
        (SELECT baton.now()) + greatest(coalesce(CASE ${state} WHEN 'succeeded' THEN q.retention_succeeded_ms
          WHEN 'cancelled' THEN q.retention_cancelled_ms ELSE q.retention_dead_ms END, 2592000000),
          CASE WHEN ${file} THEN coalesce(q.results_warm_ms, 86400000) ELSE 0 END) * interval '1 ms' AS expires_at
      FROM (SELECT) one LEFT JOIN baton.queue q ON q.name = ${job}.queue
    ) e
  ) expiry`;

/** SQL: when it is announced that a result goes: a while before, at most an hour. */
export const announceAt = (until: string, warmMs: string): string =>
  `${until} - least(3600000, ${warmMs} / 4) * interval '1 ms'`;

/** SQL: the day with whose partition a row goes that expires then. */
export const dropDayOf = (expiresAt: string): string =>
  `CASE WHEN ${expiresAt} < baton.now() + interval '${partitionedDays} days' THEN (${expiresAt} AT TIME ZONE 'UTC')::date ELSE 'infinity' END`;
