import type { Transaction } from '../transaction/transaction.js';
import type { Term } from './lead-shards.sql.js';
import type { OutboxTopic } from './fetch-outbox.sql.js';
import { run } from './statement.js';

/** An outbox row whose job still waits for its record. */
export interface UnsentRow {
  shard: number;
  id: number;
  jobId: string;
}

// Only of a queue that releases for polling by now. What is to be cancelled is left to whoever cancels it.
const unsent = `
SELECT o.shard, o.id, j.id AS "jobId"
FROM (
  SELECT o.shard, o.id, o.job_id, o.attempt FROM unnest($1::smallint[]) AS s (shard) CROSS JOIN LATERAL (
    SELECT * FROM baton.outbox o WHERE o.shard = s.shard AND o.queue = $2 AND o.priority = $3 ORDER BY o.id LIMIT $4
  ) o
  WHERE EXISTS (SELECT FROM baton.queue q WHERE q.name = $2 AND q.dispatch_mode = 'polling')
) o
JOIN baton.job j ON j.id = o.job_id AND j.attempt = o.attempt AND j.outbox_id = o.id
WHERE j.state = 'queued' AND j.execution_id IS NULL AND j.cancel_requested_at IS NULL
ORDER BY j.id LIMIT $4 FOR UPDATE OF j`;

/** Locks the jobs of a topic's rows, if their queue's mode is polling. */
export function lockUnsentRows(
  tx: Transaction,
  { queue, priority }: OutboxTopic,
  { shards, limit }: { shards: readonly number[]; limit: number },
): Promise<UnsentRow[]> {
  tx.locking('jobs');
  const values = [shards, queue, priority, limit];
  return run<UnsentRow & { [column: string]: unknown }>(tx, 'lock-unsent-rows', unsent, values);
}

// The epoch is the fence, as it is of the delete that follows a send.
const remove = `
WITH fence AS MATERIALIZED (
  SELECT s.shard FROM baton.relay_shard s
  JOIN unnest($1::smallint[], $2::bigint[]) AS t (shard, epoch) ON s.shard = t.shard AND s.epoch = t.epoch
  ORDER BY s.shard FOR SHARE OF s
)
DELETE FROM baton.outbox o USING unnest($3::smallint[], $4::bigint[]) AS r (shard, id)
WHERE o.shard = r.shard AND o.id = r.id AND o.queue = $5 AND o.priority = $6 AND o.shard IN (SELECT shard FROM fence)
RETURNING o.job_id AS "jobId"`;

/** Deletes rows of shards that are led under these terms. @returns their jobs */
export async function deleteUnsentRows(
  tx: Transaction,
  { queue, priority }: OutboxTopic,
  { terms, rows }: { terms: readonly Term[]; rows: readonly UnsentRow[] },
): Promise<string[]> {
  const deleted = await run<{ jobId: string }>(tx, 'delete-unsent-rows', remove, [
    terms.map(({ shard }) => shard),
    terms.map(({ epoch }) => epoch),
    rows.map(({ shard }) => shard),
    rows.map(({ id }) => id),
    queue,
    priority,
  ]);
  return deleted.map((row) => row.jobId);
}
