import type { Client } from 'pg';

export interface KeyReading {
  /** Jobs that were begun before the one before them of their key had ended. */
  outOfOrder: number;
  /** Of the jobs of the key `hot`, and of those without a key: jobs a second from the first begun to the last ended. */
  hotPerSecond: number | null;
  othersPerSecond: number | null;
}

const rate = (which: string): string =>
  `count(*) FILTER (WHERE ${which}) / nullif(extract(epoch FROM max(finished_at) FILTER (WHERE ${which}) - min(started_at) FILTER (WHERE ${which})), 0)::float8`;

/** Whether the order of keys was kept in a drained queue, by PostgreSQL's clock where a job was claimed, and at what rates. */
export async function readKeys(client: Client, queue: string): Promise<KeyReading> {
  const { rows } = await client.query<KeyReading>(
    `WITH ended AS (
       SELECT ordering_key, started_at, finished_at,
         lag(finished_at) OVER (PARTITION BY ordering_key ORDER BY id) AS before
       FROM baton.job_history WHERE queue = $1
     )
     SELECT count(*) FILTER (WHERE ordering_key IS NOT NULL AND finished_at < before)::int AS "outOfOrder",
       ${rate(`ordering_key = 'hot'`)} AS "hotPerSecond", ${rate('ordering_key IS NULL')} AS "othersPerSecond"
     FROM ended`,
    [queue],
  );
  return rows[0] ?? { outOfOrder: 0, hotPerSecond: null, othersPerSecond: null };
}
