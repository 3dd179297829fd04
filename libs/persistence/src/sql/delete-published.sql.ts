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
// `target` gathers the whole key first: joined to three relations the planner would leave the id out of the look-up.
const text = `
WITH fence AS MATERIALIZED (
  SELECT s.shard FROM baton.relay_shard s
  JOIN unnest($1::smallint[], $2::bigint[]) AS t (shard, epoch) ON s.shard = t.shard AND s.epoch = t.epoch
  ORDER BY s.shard FOR SHARE OF s
), target AS MATERIALIZED (
  SELECT batch, shard, (($9::text[])[batch]) AS queue, (($10::smallint[])[batch]) AS priority, id, partition_number, offset_number, term
  FROM unnest($3::integer[], $4::smallint[], $5::bigint[], $6::smallint[], $7::bigint[], $11::text[])
    AS done (batch, shard, id, partition_number, offset_number, term)
  WHERE shard = ANY (ARRAY(SELECT fence.shard FROM fence))
), gone AS (
  DELETE FROM baton.outbox o USING target t
  WHERE o.shard = t.shard AND o.queue = t.queue AND o.priority = t.priority AND o.id = t.id
  RETURNING t.batch, o.id, t.partition_number, t.offset_number, t.term
), logged AS (
  INSERT INTO baton.publish_log (topic, first_id, last_id, ids, partitions, offsets, terms, replica_id)
  SELECT ($8::text[])[batch], min(id), max(id), array_agg(id ORDER BY id), array_agg(partition_number ORDER BY id),
    array_agg(offset_number ORDER BY id), array_agg(term ORDER BY id), $12::uuid
  FROM gone WHERE partition_number IS NOT NULL GROUP BY batch
)
SELECT id FROM gone`;

/**
 * Deletes what is done, where this replica still leads the shard, and writes where each record lies.
 * @returns the ids deleted; a deposed leader deletes nothing and leaves its rows to the new one
 */
export async function deletePublished(
  db: Queryable,
  {
    terms,
    batches,
    replicaId,
  }: { terms: readonly Term[]; batches: readonly PublishedBatch[]; replicaId: string },
): Promise<Set<number>> {
  const rows = batches.flatMap((batch, i) => batch.rows.map((row) => ({ ...row, batch: i + 1 })));
  const termOf = new Map(terms.map(({ shard, epoch }) => [shard, `${shard}:${epoch}`]));
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
    rows.map((row) => termOf.get(row.shard) ?? null),
    replicaId,
  ]);
  return new Set(deleted.map((row) => row.id));
}
