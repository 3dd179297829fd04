import { run, type Queryable } from './statement.js';

/** A released job that is on its way through the broker: its outbox row is gone, and no execution is known. */
export interface QueuedRecord {
  jobId: string;
  attempt: number;
  queue: string;
  priority: number;
  outboxId: number;
  queuedAtMs: number;
}

const columns = `s.id AS "jobId", s.attempt, s.queue, s.priority, s.outbox_id AS "outboxId",
  floor(extract(epoch FROM s.queued_at) * 1000)::bigint AS "queuedAtMs"`;
const onItsWay = `s.state = 'queued' AND s.mode = 'event' AND s.outbox_id IS NOT NULL AND NOT EXISTS (
  SELECT FROM baton.outbox o WHERE o.shard = baton.shard_of(s.tenant_id, s.queue, s.ordering_key, s.id)
    AND o.queue = s.queue AND o.priority = s.priority AND o.id = s.outbox_id)`;

// The primary key's order is that of acceptance: the oldest first. The slice bounds the work, however long the backlog.
const slice = `
WITH slice AS MATERIALIZED (
  SELECT * FROM baton.job WHERE id > $1::uuid ORDER BY id LIMIT $2
)
SELECT (SELECT count(*)::int FROM slice) AS looked, (SELECT id FROM slice ORDER BY id DESC LIMIT 1) AS last, f.*
FROM (VALUES (1)) one LEFT JOIN (
  SELECT ${columns} FROM slice s WHERE ${onItsWay} AND s.queued_at < (SELECT baton.now()) - $3 * interval '1 ms' LIMIT $4
) f ON true`;

/**
 * Goes through the live jobs by id, a slice at a time, for records that were published some time ago.
 * @param options.after the last id that was looked at
 * @returns them, and where the next slice begins; undefined when this was the last
 */
export async function findQueuedRecords(
  db: Queryable,
  { after, slice: size, agedMs, limit }: { after: string; slice: number; agedMs: number; limit: number },
): Promise<{ records: QueuedRecord[]; next: string | undefined }> {
  type Row = QueuedRecord & { looked: number; last: string | null };
  const rows = await run<Row>(db, 'find-queued-records', slice, [after, size, agedMs, limit]);
  const records = rows.flatMap(({ looked: _, last: __, ...record }) =>
    (record.jobId as string | null) === null ? [] : [record],
  );
  const [first] = rows;
  const cut = records.length === limit ? records.at(-1)?.jobId : undefined;
  return { records, next: cut ?? (first && first.looked === size ? (first.last ?? undefined) : undefined) };
}

const named = `SELECT ${columns} FROM baton.job s WHERE s.id = ANY ($1::uuid[]) AND ${onItsWay}`;

/** Those of these jobs that are on their way through the broker, however short a time. */
export function findQueuedRecordsOf(db: Queryable, jobIds: readonly string[]): Promise<QueuedRecord[]> {
  return run<QueuedRecord & { [column: string]: unknown }>(db, 'find-queued-records-of', named, [jobIds]);
}
