import type { QueryResultRow } from 'pg';
import type { Queryable } from './statement.js';

/**
 * A statement that is planned anew each time. For those that run seldom over tables whose size changes much: a
 * plan that was kept from when they were all but empty would scan them when they are full.
 */
export async function runUnprepared<R extends QueryResultRow>(
  db: Queryable,
  text: string,
  values: unknown[],
): Promise<R[]> {
  const { rows } = await db.query<R>({ text, values });
  return rows;
}
