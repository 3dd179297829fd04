import { queueColumns, type QueueRow } from './queue-settings.js';
import { run, type Queryable } from './statement.js';

export async function readQueue(db: Queryable, name: string): Promise<QueueRow | undefined> {
  const [row] = await run<QueueRow>(
    db,
    'read-queue',
    `SELECT ${queueColumns} FROM baton.queue WHERE name = $1`,
    [name],
  );
  return row;
}

const page = `SELECT ${queueColumns} FROM baton.queue WHERE name COLLATE "C" > $1 ORDER BY name COLLATE "C" LIMIT $2`;

/** Queues by name, those after `after`. */
export async function listQueues(
  db: Queryable,
  { after = '', limit }: { after?: string | undefined; limit: number },
): Promise<QueueRow[]> {
  return run<QueueRow>(db, 'list-queues', page, [after, limit]);
}
