import { run, type Queryable } from './statement.js';

export async function listQueueNames(db: Queryable): Promise<string[]> {
  const rows = await run<{ name: string }>(db, 'list-queue-names', 'SELECT name FROM baton.queue', []);
  return rows.map((row) => row.name);
}

/** Every queue, and whether it is paused. */
export function listPauses(db: Queryable): Promise<{ name: string; paused: boolean }[]> {
  return run(db, 'list-pauses', 'SELECT name, paused_at IS NOT NULL AS paused FROM baton.queue', []);
}
