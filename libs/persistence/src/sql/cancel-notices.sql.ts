import { shardCount } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

/** A job for Kafka whose cancel is requested and that its workers are to be told of. */
export interface CancelToTell {
  jobId: string;
  attempt: number;
  reason: string | null;
}

// Noted before it is told: what is written to the control topic has its row here, and so gets its tombstone.
const toTell = `
WITH due AS (
  SELECT j.id, j.queue, j.priority, j.attempt, j.outbox_id, j.cancel_reason
  FROM baton.job j LEFT JOIN baton.cancel_notice n ON n.job_id = j.id
  WHERE j.cancel_by IS NOT NULL AND j.mode = 'event' AND j.state IN ('queued', 'running')
    AND (n.told_at IS NULL OR n.attempt <> j.attempt OR n.told_at < (SELECT baton.now()) - $2 * interval '1 ms')
  ORDER BY j.cancel_by LIMIT $1
), noted AS (
  INSERT INTO baton.cancel_notice (job_id, queue, priority, attempt, outbox_id)
  SELECT id, queue, priority, attempt, outbox_id FROM due ORDER BY id
  ON CONFLICT (job_id) DO UPDATE SET attempt = excluded.attempt, outbox_id = excluded.outbox_id, told_at = NULL
)
SELECT id AS "jobId", attempt, cancel_reason AS reason FROM due`;

/**
 * Cancels of which workers have not been told, or so long ago that it is said again, in case that the record was lost.
 * @param options.againMs after so many milliseconds
 */
export function findCancelsToTell(
  db: Queryable,
  { limit, againMs }: { limit: number; againMs: number },
): Promise<CancelToTell[]> {
  return run<CancelToTell & { [column: string]: unknown }>(db, 'find-cancels-to-tell', toTell, [
    limit,
    againMs,
  ]);
}

const told = `UPDATE baton.cancel_notice SET told_at = (SELECT baton.now()) WHERE job_id = ANY ($1::uuid[])`;

/** The broker has their records. */
export async function noteCancelsTold(db: Queryable, jobIds: readonly string[]): Promise<void> {
  if (jobIds.length > 0) await run(db, 'note-cancels-told', told, [jobIds]);
}

/** A notice of which nothing is wanted any more: its job is terminal. */
export interface EndedCancel {
  jobId: string;
  queue: string;
  priority: number;
  outboxId: number | null;
}

// A row that is still in the outbox may be under way to the broker this moment.
const ended = `
SELECT n.job_id AS "jobId", n.queue, n.priority, n.outbox_id AS "outboxId"
FROM baton.cancel_notice n
WHERE n.job_id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
  AND NOT EXISTS (SELECT FROM baton.job j WHERE j.id = n.job_id AND j.cancel_requested_at IS NOT NULL)
  AND NOT EXISTS (
    SELECT FROM generate_series(0, ${shardCount - 1}) AS s(shard) JOIN baton.outbox o
      ON o.shard = s.shard AND o.queue = n.queue AND o.priority = n.priority AND o.id = n.outbox_id
  )
ORDER BY n.job_id LIMIT $2`;

/**
 * Notices whose job is terminal and whose record, if there is one, lies where it lies, by their jobs' ids.
 * @param options.after the last one of the look before; so that those which must wait do not stand before the others
 */
export function findEndedCancels(
  db: Queryable,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<EndedCancel[]> {
  return run<EndedCancel & { [column: string]: unknown }>(db, 'find-ended-cancels', ended, [
    after ?? null,
    limit,
  ]);
}

const forget = `DELETE FROM baton.cancel_notice WHERE job_id = ANY ($1::uuid[])`;

/** Their tombstones are written. */
export async function forgetCancels(db: Queryable, jobIds: readonly string[]): Promise<void> {
  if (jobIds.length > 0) await run(db, 'forget-cancels', forget, [jobIds]);
}

const any = `SELECT EXISTS (SELECT FROM baton.cancel_notice) AS some`;

export async function anyCancelNotice(db: Queryable): Promise<boolean> {
  const [row] = await run<{ some: boolean }>(db, 'any-cancel-notice', any, []);
  return row?.some ?? false;
}
