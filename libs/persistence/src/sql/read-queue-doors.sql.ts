import type { DispatchMode } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

/** What a queue asks of the jobs that are posted to it. */
export interface QueueDoor {
  name: string;
  draining: boolean;
  /** In which its jobs are released now. */
  mode: DispatchMode;
  maxBacklog: number;
  /** JSON Schema of payloads, as JSON text. */
  schema: string | null;
}

const doors = `SELECT name, draining_at IS NOT NULL AS draining, dispatch_mode AS mode, max_backlog AS "maxBacklog", schema::text AS schema FROM baton.queue`;

export function readQueueDoors(db: Queryable): Promise<QueueDoor[]> {
  return run<QueueDoor & { [column: string]: unknown }>(db, 'read-queue-doors', doors, []);
}

// Each part is a range of an index; those that begin with another column are skipped through, value by value.
const counted = (from: string): string => `(SELECT count(*) FROM (SELECT FROM ${from} LIMIT $2) c)`;
const backlog = `
SELECT (${[
  `baton.job WHERE queue = $1 AND state = 'queued' AND mode = 'polling'`,
  `baton.job WHERE queue = $1 AND state = 'held' AND gate = 1`,
  `baton.job WHERE queue = $1 AND state = 'held' AND gate = 2`,
  `baton.job WHERE queue = $1 AND state = 'held' AND reason = 'lane'`,
  `baton.outbox WHERE queue = $1`,
]
  .map(counted)
  .join(' + ')})::int AS backlog`;

/**
 * Jobs of a queue that are due and wait: released and not begun, or held by a limit or their lane. What lies on Kafka
 * already is left out. For an estimate now and then: it reads as many index entries as there are, up to `most` of each sort.
 */
export async function countBacklog(db: Queryable, queue: string, most: number): Promise<number> {
  const [row] = await run<{ backlog: number }>(db, 'count-backlog', backlog, [queue, most]);
  return row?.backlog ?? 0;
}
