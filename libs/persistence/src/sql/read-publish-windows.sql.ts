import { run, type Queryable } from './statement.js';

const text =
  'SELECT name, CASE WHEN paused_at IS NULL THEN publish_window ELSE 0 END AS "window" FROM baton.queue WHERE name = ANY ($1::text[])';

/** How many records may lie unread on a topic of each queue; none of a paused one is added. */
export async function readPublishWindows(
  db: Queryable,
  queues: readonly string[],
): Promise<Map<string, number>> {
  const rows = await run<{ name: string; window: number }>(db, 'read-publish-windows', text, [queues]);
  return new Map(rows.map((row) => [row.name, row.window]));
}
