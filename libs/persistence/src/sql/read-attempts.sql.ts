import { run, type Queryable } from './statement.js';

/** An attempt that ended before its job did. Times are milliseconds since the epoch. */
export interface AttemptRow {
  attempt: number;
  executionId: string | null;
  workerId: string | null;
  startedAtMs: number | null;
  finishedAtMs: number;
  outcome: 'failed' | 'snoozed' | 'released' | 'lost';
  /** JSON `{code, message, stack?}`. */
  error: string | null;
}

const text = `
SELECT attempt, execution_id AS "executionId", worker_id AS "workerId", outcome, error,
  floor(extract(epoch FROM started_at) * 1000)::bigint AS "startedAtMs",
  floor(extract(epoch FROM finished_at) * 1000)::bigint AS "finishedAtMs"
FROM baton.job_attempt WHERE job_id = $1 AND tenant_id = $2
ORDER BY generation, attempt`;

/** A job's ended earlier attempts, the first one first. The last attempt is told from the job's own row. */
export async function readAttempts(db: Queryable, tenantId: string, jobId: string): Promise<AttemptRow[]> {
  return run<AttemptRow>(db, 'read-attempts', text, [jobId, tenantId]);
}
