import { run, type Queryable } from './statement.js';

const text = `
UPDATE baton.job SET alone = true, started_at = (SELECT baton.now())
WHERE id = $1 AND attempt = $2 AND execution_id = $3 AND state = 'running' RETURNING id`;

/**
 * Notes, before a claimed job's handler is entered, that nothing else runs in its process: should that die now, the job
 * was it. Its time begins now.
 * @returns false when the execution does not own the attempt any more: it must not be entered
 */
export async function enterAlone(
  db: Queryable,
  { jobId, attempt, executionId }: { jobId: string; attempt: number; executionId: string },
): Promise<boolean> {
  return (await run(db, 'enter-alone', text, [jobId, attempt, executionId])).length > 0;
}
