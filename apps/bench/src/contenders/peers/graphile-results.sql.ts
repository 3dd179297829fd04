import type { Client } from 'pg';
import { onDatabase } from '../../servers/on-database.js';

export const resultChannel = 'bench_result';

/** Stores a job's result and tells `id:result` to who listens. */
export const storeResult = `
WITH stored AS (INSERT INTO bench_result (job_id, result) VALUES ($1::bigint, $2::int) RETURNING job_id, result)
SELECT pg_notify('${resultChannel}', job_id || ':' || result) FROM stored`;

export async function makeResultTable(databaseUrl: string): Promise<void> {
  await onDatabase(databaseUrl, (client) =>
    client.query('CREATE TABLE IF NOT EXISTS bench_result (job_id bigint PRIMARY KEY, result int NOT NULL)'),
  );
}

/** Jobs not yet completed; completed ones are deleted. */
export async function countGraphileJobs(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM graphile_worker._private_jobs',
  );
  return rows[0]?.count ?? 0;
}
