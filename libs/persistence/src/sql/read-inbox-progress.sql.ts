import { run, type Queryable } from './statement.js';

const text = `SELECT partition, reached_offset AS "reachedOffset" FROM baton.inbox_progress`;

/** The last offset of each partition of the outcomes topic before which all is applied. */
export async function readInboxProgress(db: Queryable): Promise<Map<number, number>> {
  const rows = await run<{ partition: number; reachedOffset: number }>(db, 'read-inbox-progress', text, []);
  return new Map(rows.map(({ partition, reachedOffset }) => [partition, reachedOffset]));
}
