import type { EventCursor, QueueEventType } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

/** A job whose log goes on beyond what was published of it. */
export interface UnpublishedJob extends EventCursor {
  jobId: string;
}

const jobs = `
SELECT c.job_id AS "jobId", c.generation, c.seq
FROM baton.event_cursor c LEFT JOIN baton.job j ON j.id = c.job_id
WHERE j.id IS NULL OR (j.generation, j.seq) <> (c.generation, c.seq)
ORDER BY c.job_id LIMIT $1`;

export function findUnpublishedJobs(db: Queryable, limit: number): Promise<UnpublishedJob[]> {
  return run<UnpublishedJob & { [column: string]: unknown }>(db, 'find-unpublished-jobs', jobs, [limit]);
}

const openOf = `SELECT job_id AS "jobId" FROM baton.event_cursor WHERE job_id = ANY ($1::uuid[])`;

/** Of ended jobs, those that have events which are still to be published. */
export async function findUnpublishedOf(db: Queryable, jobIds: readonly string[]): Promise<Set<string>> {
  const rows = await run<{ jobId: string }>(db, 'find-unpublished-of', openOf, [jobIds]);
  return new Set(rows.map(({ jobId }) => jobId));
}

/** How far a job's events are published now. */
export interface PublishedJob {
  from: UnpublishedJob;
  to: EventCursor;
  /** Nothing more comes: its last event is published, or it is not there any more. */
  done: boolean;
}

const advance = `
WITH p AS (
  SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[], $6::bool[])
    AS p(job_id, old_generation, old_seq, generation, seq, done)
), gone AS (
  DELETE FROM baton.event_cursor c USING p
  WHERE p.done AND c.job_id = p.job_id AND (c.generation, c.seq) = (p.old_generation, p.old_seq)
)
UPDATE baton.event_cursor c SET generation = p.generation, seq = p.seq FROM p
WHERE NOT p.done AND c.job_id = p.job_id AND (c.generation, c.seq) = (p.old_generation, p.old_seq)`;

/** Keeps how far jobs' events are published; where another leader was faster, nothing changes. */
export async function advancePublished(db: Queryable, published: readonly PublishedJob[]): Promise<void> {
  if (published.length === 0) return;
  await run(db, 'advance-published', advance, [
    published.map(({ from }) => from.jobId),
    published.map(({ from }) => from.generation),
    published.map(({ from }) => from.seq),
    published.map(({ to }) => to.generation),
    published.map(({ to }) => to.seq),
    published.map(({ done }) => done),
  ]);
}

export interface QueueEventRow {
  id: number;
  queue: string;
  type: QueueEventType;
  atMs: number;
  /** JSON. */
  data: string;
}

const queues = `
SELECT id, queue, type, data, floor(extract(epoch FROM at) * 1000)::bigint AS "atMs"
FROM baton.queue_event ORDER BY id LIMIT $1`;

export function findQueueEvents(db: Queryable, limit: number): Promise<QueueEventRow[]> {
  return run<QueueEventRow & { [column: string]: unknown }>(db, 'find-queue-events', queues, [limit]);
}

export async function deleteQueueEvents(db: Queryable, ids: readonly number[]): Promise<void> {
  if (ids.length > 0)
    await run(db, 'delete-queue-events', `DELETE FROM baton.queue_event WHERE id = ANY ($1::bigint[])`, [
      ids,
    ]);
}

const watched = `
SELECT EXISTS (SELECT FROM baton.event_cursor) AS open, EXISTS (SELECT FROM baton.queue WHERE events) AS wanted`;

/** `open`: jobs are on their way whose events are published; `wanted`: some queue has events on. */
export async function readEventsWanted(db: Queryable): Promise<{ open: boolean; wanted: boolean }> {
  const [row] = await run<{ open: boolean; wanted: boolean }>(db, 'read-events-wanted', watched, []);
  if (!row) throw new TypeError('read-events-wanted returned no row');
  return row;
}
