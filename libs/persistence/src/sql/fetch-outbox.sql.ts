import { limits } from '@baton/contracts';
import { readParents } from './read-parents.sql.js';
import { run, type Queryable } from './statement.js';

/** A job topic: rows of one queue and priority go there. */
export interface OutboxTopic {
  queue: string;
  priority: number;
}

/** Where to begin in one shard of a topic: after the row `low`. */
export interface OutboxPosition extends OutboxTopic {
  shard: number;
  low: number;
}

export interface OutboxRow extends OutboxTopic {
  shard: number;
  id: number;
  jobId: string;
  attempt: number;
  /** How long the row has waited, by PostgreSQL's clock. */
  waitedMs: number;
  /** Null: the job was settled or released anew since. The row is to be deleted, and nothing to be sent. */
  job: OutboxJob | null;
}

export interface OutboxJob {
  tenantId: string;
  orderingKey: string | null;
  failures: number;
  maxAttempts: number;
  /** JSON. */
  payload: string;
  timeoutMs: number;
  deadlineAtMs: number | null;
  follows: boolean;
  /** It is not to be sent but ended. */
  cancelRequested: boolean;
  cancelReason: string | null;
  careful: boolean;
  /** JSON. */
  checkpoint: string | null;
  /** JSON, as `readParents` tells it. */
  parents: string | null;
  createdAtMs: number;
  queuedAtMs: number;
  traceparent: string | null;
  tracestate: string | null;
  baggage: string | null;
}

export interface FetchedTopic {
  /** In order of id. */
  rows: OutboxRow[];
  /** There may be more beyond these; a wrong yes costs one look. */
  more: boolean;
}

const batchRows = limits.batch;
const batchBytes = 512 * 1024;

// The job is looked up by a LATERAL with a LIMIT, which the planner cannot turn into a scan of the whole table.
const text = `
WITH at AS MATERIALIZED (
  SELECT * FROM unnest($1::smallint[], $2::text[], $3::smallint[], $4::bigint[]) AS at (shard, queue, priority, low)
), due AS MATERIALIZED (
  SELECT o.*, row_number() OVER (PARTITION BY o.queue, o.priority ORDER BY o.id) AS place
  FROM at CROSS JOIN LATERAL (
    SELECT shard, queue, priority, id, job_id, attempt, created_at FROM baton.outbox o
    WHERE o.shard = at.shard AND o.queue = at.queue AND o.priority = at.priority AND o.id > at.low
    ORDER BY o.id LIMIT $5
  ) o
), sized AS (
  SELECT due.*, j.*, sum(coalesce(octet_length(j.payload), 0) + coalesce(j.parent_bytes, 0)) OVER (PARTITION BY due.queue, due.priority ORDER BY due.id) AS bytes
  FROM due LEFT JOIN LATERAL (
    SELECT tenant_id, ordering_key, failures, max_attempts, payload, timeout_ms, deadline_at, follows, careful, checkpoint,
      parents > 0 AS has_parents, CASE WHEN parents = 0 THEN 0 ELSE 64 * parents + least(${limits.parentResultBytes}, (
        SELECT coalesce(sum(octet_length(h.result)), 0) FROM baton.dependency d JOIN baton.job_history h ON h.id = d.parent_id
        WHERE d.child_id = j.id
      )) END AS parent_bytes,
      cancel_requested_at IS NOT NULL AS cancel_requested, cancel_reason,
      traceparent, tracestate, baggage, created_at AS accepted_at, queued_at
    FROM baton.job j WHERE j.id = due.job_id AND j.attempt = due.attempt AND j.state = 'queued' LIMIT 1
  ) j ON true
  WHERE due.place <= ${batchRows}
)
SELECT shard, queue, priority, id, job_id AS "jobId", attempt,
  date_part('epoch', (SELECT baton.now()) - created_at) * 1000 AS "waitedMs",
  tenant_id AS "tenantId", ordering_key AS "orderingKey", failures, max_attempts AS "maxAttempts", payload,
  timeout_ms AS "timeoutMs", follows, careful, checkpoint, has_parents AS "hasParents",
  cancel_requested AS "cancelRequested", cancel_reason AS "cancelReason", floor(date_part('epoch', deadline_at) * 1000)::bigint AS "deadlineAtMs",
  traceparent, tracestate, baggage,
  floor(date_part('epoch', accepted_at) * 1000)::bigint AS "createdAtMs",
  floor(date_part('epoch', queued_at) * 1000)::bigint AS "queuedAtMs"
FROM sized WHERE place = 1 OR bytes <= ${batchBytes}
ORDER BY id`;

type Row = Omit<OutboxRow, 'job'> & {
  [K in keyof Omit<OutboxJob, 'parents'>]: OutboxJob[K] | null;
} & { hasParents: boolean | null };

/**
 * The next rows of some topics, each in order of id, at most 500 and 512 KiB of payload a topic.
 */
export async function fetchOutbox(
  db: Queryable,
  positions: readonly OutboxPosition[],
): Promise<Map<string, FetchedTopic>> {
  const perShard = rowsPerShard(new Set(positions.map((at) => at.shard)).size);
  const rows = await run<Row>(db, 'fetch-outbox', text, [
    positions.map((at) => at.shard),
    positions.map((at) => at.queue),
    positions.map((at) => at.priority),
    positions.map((at) => at.low),
    perShard,
  ]);
  const parents = await readParents(
    db,
    rows.filter((row) => row.hasParents).map((row) => row.jobId),
  );
  const byTopic = new Map<string, Row[]>();
  for (const row of rows) {
    const key = outboxTopicKey(row);
    const ofTopic = byTopic.get(key);
    if (ofTopic) ofTopic.push(row);
    else byTopic.set(key, [row]);
  }
  return new Map([...byTopic].map(([key, ofTopic]) => [key, fetchedTopic(ofTopic, perShard, parents)]));
}

/** A little more than an even share: 64 full shards cost a look some 700 index entries and not 32,000. */
function rowsPerShard(shards: number): number {
  return Math.min(batchRows, Math.ceil((1.4 * batchRows) / Math.max(1, shards)));
}

function fetchedTopic(
  rows: readonly Row[],
  perShard: number,
  parents: ReadonlyMap<string, string>,
): FetchedTopic {
  const ofShard = new Map<number, number>();
  let chars = 0;
  for (const { shard, jobId, payload } of rows) {
    ofShard.set(shard, (ofShard.get(shard) ?? 0) + 1);
    chars += (payload?.length ?? 0) + (parents.get(jobId)?.length ?? 0);
  }
  // The next payload alone may have been too much for the batch.
  const maybeCut = chars + limits.payloadBytes > batchBytes / 2;
  return {
    rows: rows.map((row) => outboxRow(row, parents.get(row.jobId) ?? null)),
    more: rows.length >= batchRows || maybeCut || Math.max(0, ...ofShard.values()) >= perShard,
  };
}

export function outboxTopicKey({ queue, priority }: OutboxTopic): string {
  return `${queue}/${priority}`;
}

function outboxRow(row: Row, parents: string | null): OutboxRow {
  const {
    shard,
    queue,
    priority,
    id,
    jobId,
    attempt,
    waitedMs,
    tenantId,
    payload,
    hasParents: _,
    ...job
  } = row;
  const place = { shard, queue, priority, id, jobId, attempt, waitedMs };
  if (tenantId === null || payload === null) return { ...place, job: null };
  return {
    ...place,
    job: { ...(job as Omit<OutboxJob, 'tenantId' | 'payload' | 'parents'>), tenantId, payload, parents },
  };
}
