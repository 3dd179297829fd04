import type { Settlement } from '../settle/settlement.js';
import type { Transaction } from '../transaction/transaction.js';
import { run } from './statement.js';

// The fence: only the execution that owns the attempt and runs it. A checkpoint alone is no event.
const text = `
WITH m AS (
  SELECT * FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::float8[], $5::text[], $6::text[], $7::text[])
    AS m(job_id, attempt, execution_id, fraction, data, checkpoint, event)
), target AS (
  SELECT j.id FROM baton.job j JOIN m ON j.id = m.job_id ORDER BY j.id FOR UPDATE OF j
), kept AS (
  UPDATE baton.job j
  SET progress = coalesce(m.fraction, j.progress), progress_data = coalesce(m.data, j.progress_data),
    checkpoint = coalesce(m.checkpoint, j.checkpoint), seq = j.seq + (m.event IS NOT NULL)::int
  FROM m JOIN target t ON t.id = m.job_id
  WHERE j.id = m.job_id AND j.attempt = m.attempt AND j.execution_id = m.execution_id AND j.state = 'running'
  RETURNING j.id, j.tenant_id, j.generation, j.seq, j.execution_id, m.event
), told AS (
  INSERT INTO baton.job_event (job_id, tenant_id, generation, seq, type, at, data)
  SELECT id, tenant_id, generation, seq, 'job.progress', (SELECT baton.now()), event FROM kept WHERE event IS NOT NULL
)
SELECT id AS "jobId", execution_id AS "executionId", event IS NOT NULL AS told FROM kept`;

export interface KeptProgress {
  jobId: string;
  executionId: string;
  /** It is an event in the job's log. */
  told: boolean;
}

/**
 * Keeps on their jobs' rows what running executions said of their progress, and what their next attempt shall know.
 * Locks the jobs, by id.
 * @param said at most one for each execution, each with `progress`
 * @returns what was kept; what is missing was stale
 */
export async function keepProgress(tx: Transaction, said: readonly Settlement[]): Promise<KeptProgress[]> {
  if (said.length === 0) return [];
  tx.locking('jobs');
  const notes = said.map(({ progress = {} }) => progress);
  return run<KeptProgress & Record<string, unknown>>(tx, 'keep-progress', text, [
    said.map((s) => s.jobId),
    said.map((s) => s.attempt),
    said.map((s) => s.executionId),
    notes.map(({ fraction = null }) => fraction),
    notes.map(({ data = null }) => data),
    notes.map(({ checkpoint = null }) => checkpoint),
    notes.map(eventOf),
  ]);
}

function eventOf({ fraction, data }: NonNullable<Settlement['progress']>): string | null {
  if (fraction === undefined && data === undefined) return null;
  const fields = [
    ...(fraction === undefined ? [] : [`"fraction":${fraction}`]),
    ...(data === undefined ? [] : [`"data":${data}`]),
  ];
  return `{${fields.join(',')}}`;
}
