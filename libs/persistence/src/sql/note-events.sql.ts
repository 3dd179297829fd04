import type { JobEventType } from '@baton/contracts';
import type { Transaction } from '../transaction/transaction.js';
import { noteJobEvents } from '../webhooks/note-job-events.js';
import { run } from './statement.js';

/** An event that neither a job's row nor its attempts tell. */
export interface EventToNote {
  jobId: string;
  type: JobEventType;
  /** Anything that JSON can say; none: the type says it all. */
  data?: Readonly<Record<string, unknown>> | undefined;
}

/** An event with its place in its job's log: `generation:seq` is its cursor. */
export interface NotedEvent {
  jobId: string;
  type: JobEventType;
  generation: number;
  seq: number;
}

const text = `
WITH given AS (
  SELECT e.*, row_number() OVER (PARTITION BY e.job_id ORDER BY e.n)::int AS place
  FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS e(job_id, type, data, n)
), raised AS (
  UPDATE baton.job j SET seq = j.seq + c.count
  FROM (SELECT job_id, max(place) AS count FROM given GROUP BY job_id) c
  WHERE j.id = c.job_id
  RETURNING j.id, j.tenant_id, j.generation, j.seq - c.count AS before
)
INSERT INTO baton.job_event (job_id, tenant_id, generation, seq, type, at, data)
SELECT r.id, r.tenant_id, r.generation, r.before + g.place, g.type, (SELECT baton.now()), g.data
FROM given g JOIN raised r ON r.id = g.job_id
RETURNING job_id AS "jobId", type, generation, seq`;

/**
 * Appends events to the logs of live jobs, each under the next number of its job's series: `job.seq` is raised, and the
 * row is kept in `job_event`; whom webhooks are to tell of it is noted too. Several events of one job are numbered as they come.
 *
 * The transaction has locked the jobs' rows, in the order of their ids: the number is given under that lock.
 * @returns the events in no order; those of a job that is terminal or unknown are left out
 */
export async function noteEvents(tx: Transaction, events: readonly EventToNote[]): Promise<NotedEvent[]> {
  if (events.length === 0) return [];
  tx.locking('jobs');
  const noted = await run<NotedEvent & { [column: string]: unknown }>(tx, 'note-events', text, [
    events.map((event) => event.jobId),
    events.map((event) => event.type),
    events.map((event) => (event.data ? JSON.stringify(event.data) : null)),
  ]);
  const overdue = noted.filter((event) => event.type === 'job.overdue').map((event) => event.jobId);
  await noteJobEvents(tx, overdue, 'job.overdue');
  return noted;
}
