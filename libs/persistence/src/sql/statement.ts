import type { QueryResultRow } from 'pg';

/** What runs a statement: a pool (its own transaction) or one client (inside the caller's). */
export interface Queryable {
  query<R extends QueryResultRow>(config: {
    name?: string;
    text: string;
    values: unknown[];
  }): Promise<{ rows: R[]; rowCount: number | null }>;
}

/**
 * One SQL statement: prepared under its name on each connection, so that it is parsed and planned once.
 * The name is that of the file it stands in.
 */
export async function run<R extends QueryResultRow>(
  db: Queryable,
  name: string,
  text: string,
  values: unknown[],
): Promise<R[]> {
  const { rows } = await db.query<R>({ name, text, values });
  return rows;
}
