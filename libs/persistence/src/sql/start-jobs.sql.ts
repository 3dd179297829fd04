import type { Settlement } from '../settle/settlement.js';
import { inOrderOfJobs } from './in-order-of-jobs.js';
import { run, type Queryable } from './statement.js';

const text = `
UPDATE baton.job j
SET state = 'running', execution_id = m.execution_id, worker_id = m.worker_id, alone = m.alone, started_at = (SELECT baton.now()),
  started_seq = j.seq + 1, seq = j.seq + 1
FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::uuid[], $5::bool[])
  AS m(job_id, attempt, execution_id, worker_id, alone)
WHERE j.id = m.job_id AND j.attempt = m.attempt AND j.state = 'queued' AND j.execution_id IS NULL
RETURNING j.execution_id AS id`;

/**
 * Binds the executions that event workers have announced: the first of an attempt that is heard of owns it.
 * @returns the executions that run now
 */
export async function startJobs(db: Queryable, said: readonly Settlement[]): Promise<Set<string>> {
  if (said.length === 0) return new Set();
  const started = inOrderOfJobs(said, ({ jobId }) => jobId);
  const rows = await run<{ id: string }>(db, 'start-jobs', text, [
    started.map((s) => s.jobId),
    started.map((s) => s.attempt),
    started.map((s) => s.executionId),
    started.map((s) => s.workerId),
    started.map((s) => s.alone ?? false),
  ]);
  return new Set(rows.map((row) => row.id));
}
