import { run, type Queryable } from './statement.js';

export interface RecordPlace {
  outboxId: number;
  partition: number;
  offset: number;
}

// Of two leaders' batches on one topic the ids overlap, so the first that ends above may not be the one.
const text = `
SELECT r.id AS "outboxId", p.partition, p.offset_number AS offset
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS r (topic, id, queued_ms)
CROSS JOIN LATERAL (
  SELECT l.partitions[at.i] AS partition, l.offsets[at.i] AS offset_number
  FROM baton.publish_log l CROSS JOIN LATERAL (SELECT array_position(l.ids, r.id) AS i) at
  WHERE l.topic = r.topic AND l.last_id >= r.id AND l.first_id <= r.id AND at.i IS NOT NULL
    AND l.published_at >= to_timestamp(r.queued_ms / 1000.0) - interval '1 minute'
  ORDER BY l.last_id LIMIT 1
) p`;

/** Where the records of outbox rows lie, as far as the publish log still says. */
export async function findRecordPlaces(
  db: Queryable,
  records: readonly { topic: string; outboxId: number; queuedAtMs: number }[],
): Promise<Map<number, RecordPlace>> {
  if (records.length === 0) return new Map();
  const rows = await run<RecordPlace & { [column: string]: unknown }>(db, 'find-record-places', text, [
    records.map(({ topic }) => topic),
    records.map(({ outboxId }) => outboxId),
    records.map(({ queuedAtMs }) => queuedAtMs),
  ]);
  return new Map(rows.map(({ outboxId, partition, offset }) => [outboxId, { outboxId, partition, offset }]));
}
