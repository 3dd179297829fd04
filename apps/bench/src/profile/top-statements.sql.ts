import { onDatabase } from '../servers/on-database.js';

export interface StatementTime {
  calls: number;
  totalSeconds: number;
  meanMs: number;
  rows: number;
  statement: string;
}

/** Begins to count anew. Needs a server that loads `pg_stat_statements`. */
export async function resetStatements(databaseUrl: string): Promise<void> {
  await onDatabase(databaseUrl, async (client) => {
    await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
    await client.query('SELECT pg_stat_statements_reset()');
  });
}

/** The statements of a database that took the longest in all. */
export async function topStatements(databaseUrl: string, count: number): Promise<StatementTime[]> {
  return onDatabase(databaseUrl, async (client) => {
    const { rows } = await client.query<StatementTime>(
      `SELECT calls::float8 AS calls, total_exec_time / 1000 AS "totalSeconds", mean_exec_time AS "meanMs", rows::float8 AS rows,
         regexp_replace(query, '\\s+', ' ', 'g') AS statement
       FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
       ORDER BY total_exec_time DESC LIMIT $1`,
      [count],
    );
    return rows;
  });
}
