import { run, type Queryable } from './statement.js';

export async function listQueueNames(db: Queryable): Promise<string[]> {
  const rows = await run<{ name: string }>(db, 'list-queue-names', 'SELECT name FROM baton.queue', []);
  return rows.map((row) => row.name);
}
