import type { OutboxTopic } from './fetch-outbox.sql.js';
import { run, type Queryable } from './statement.js';

export interface FoundTopic extends OutboxTopic {
  shard: number;
  /** The lowest id there. */
  first: number;
}

// One index probe a topic and shard with rows, and one a shard more: the recursion jumps from topic to topic.
const text = `
WITH RECURSIVE found AS (
  SELECT f.* FROM unnest($1::smallint[]) AS s (shard) CROSS JOIN LATERAL (
    SELECT o.shard, o.queue, o.priority, o.id FROM baton.outbox o
    WHERE o.shard = s.shard ORDER BY o.queue, o.priority, o.id LIMIT 1
  ) f
  UNION ALL
  SELECT n.* FROM found CROSS JOIN LATERAL (
    SELECT o.shard, o.queue, o.priority, o.id FROM baton.outbox o
    WHERE o.shard = found.shard AND (o.queue, o.priority) > (found.queue, found.priority)
    ORDER BY o.queue, o.priority, o.id LIMIT 1
  ) n
)
SELECT shard, queue, priority, id AS first FROM found`;

/** Which topics have rows in these shards, below every low-water mark too: for a takeover and the slow sweep. */
export function findOutboxTopics(db: Queryable, shards: readonly number[]): Promise<FoundTopic[]> {
  return run<FoundTopic & { [column: string]: unknown }>(db, 'find-outbox-topics', text, [shards]);
}
