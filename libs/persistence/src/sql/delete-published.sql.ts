import type { Term } from './lead-shards.sql.js';
import { run, type Queryable } from './statement.js';

/** A row whose record the broker has acknowledged (its place), or whose job needs no record any more (no place). */
export interface DoneRow {
  shard: number;
  id: number;
  partition?: number | undefined;
  offset?: number | undefined;
}

/** What is done of one topic: one row of the publish log. */
export interface PublishedBatch {
  topic: string;
  queue: string;
  priority: number;
  rows: readonly DoneRow[];
}

// The share locks meet the epoch's update by a new leader: it is either still to come, and waits for this delete, or
// it was first, and then the epoch differs and the shard's rows stay. Locked in order of shard, as it locks them.
const text = `
WITH fence AS MATERIALIZED (
  SELECT s.shard, s.epoch FROM baton.relay_shard s
  JOIN unnest($1::smallint[], $2::bigint[]) AS t (shard, epoch) ON s.shard = t.shard AND s.epoch = t.epoch
  ORDER BY s.shard FOR SHARE OF s
), done AS MATERIALIZED (
  SELECT * FROM unnest($3::integer[], $4::smallint[], $5::bigint[], $6::smallint[], $7::bigint[])
    AS done (batch, shard, id, partition_number, offset_number)
), batch AS MATERIALIZED (
  SELECT * FROM unnest($8::text[], $9::text[], $10::smallint[]) WITH ORDINALITY AS batch (topic, queue, priority, batch)
), gone AS (
  DELETE FROM baton.outbox o USING done d JOIN batch b USING (batch) JOIN fence f ON f.shard = d.shard
  WHERE o.shard = d.shard AND o.queue = b.queue AND o.priority = b.priority AND o.id = d.id
  RETURNING d.batch, b.topic, o.id, d.partition_number, d.offset_number, f.shard || ':' || f.epoch AS term
), logged AS (
  INSERT INTO baton.publish_log (topic, first_id, last_id, ids, partitions, offsets, terms, replica_id)
  SELECT topic, min(id), max(id), array_agg(id ORDER BY id), array_agg(partition_number ORDER BY id),
    array_agg(offset_number ORDER BY id), array_agg(term ORDER BY id), $11::uuid
  FROM gone WHERE partition_number IS NOT NULL GROUP BY batch, topic
)
SELECT id FROM gone`;

/**
 * Deletes what is done, where this replica still leads the shard, and writes where each record lies.
 * @returns the ids deleted; a deposed leader deletes nothing and leaves its rows to the new one
 */
export async function deletePublished(
  db: Queryable,
  { terms, batches, replicaId }: { terms: readonly Term[]; batches: readonly PublishedBatch[]; replicaId: string },
): Promise<Set<number>> {
  const rows = batches.flatMap((batch, i) => batch.rows.map((row) => ({ ...row, batch: i + 1 })));
  const deleted = await run<{ id: number }>(db, 'delete-published', text, [
    terms.map((term) => term.shard),
    terms.map((term) => term.epoch),
    rows.map((row) => row.batch),
    rows.map((row) => row.shard),
    rows.map((row) => row.id),
    rows.map((row) => row.partition ?? null),
    rows.map((row) => row.offset ?? null),
    batches.map((batch) => batch.topic),
    batches.map((batch) => batch.queue),
    batches.map((batch) => batch.priority),
    replicaId,
  ]);
  return new Set(deleted.map((row) => row.id));
}
