import type { DispatchMode } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

const text = `
INSERT INTO baton.queue (name, dispatch_mode) SELECT name, $2::baton.dispatch_mode FROM unnest($1::text[]) AS name
WHERE name NOT IN (SELECT q.name FROM baton.queue q) ORDER BY name
ON CONFLICT (name) DO NOTHING RETURNING name`;

/** Makes the queues that workers handle and nobody has made, with this mode. @returns those made */
export async function announceQueues(
  db: Queryable,
  queues: readonly string[],
  mode: DispatchMode,
): Promise<string[]> {
  const rows = await run<{ name: string }>(db, 'announce-queues', text, [queues, mode]);
  return rows.map((row) => row.name);
}
