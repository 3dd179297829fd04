/** Partitions of history are there for so many days to come; what expires later lies in one of its own. */
export const partitionedDays = 35;

/**
 * SQL: joins `expiry (expires_at, drop_day)` of a job that ends now, by its queue's retention for its state.
 * @param job the row @param state its last state
 */
export const joinExpiry = (job: string, state: string): string => `CROSS JOIN LATERAL (
    SELECT e.expires_at, CASE WHEN e.expires_at < (SELECT baton.now()) + interval '${partitionedDays} days'
      THEN (e.expires_at AT TIME ZONE 'UTC')::date ELSE 'infinity' END AS drop_day
    FROM (
      SELECT (SELECT baton.now()) + coalesce((
        SELECT CASE ${state} WHEN 'succeeded' THEN q.retention_succeeded_ms WHEN 'cancelled' THEN q.retention_cancelled_ms
          ELSE q.retention_dead_ms END
        FROM baton.queue q WHERE q.name = ${job}.queue
      ), 2592000000) * interval '1 ms' AS expires_at
    ) e
  ) expiry`;
