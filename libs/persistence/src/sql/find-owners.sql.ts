import { run, type Queryable } from './statement.js';

const text = `
SELECT id, attempt, execution_id AS "executionId", state = 'running' AS running FROM baton.job WHERE id = ANY ($1::uuid[])
UNION ALL
SELECT id, attempt, execution_id, false FROM baton.job_history WHERE id = ANY ($1::uuid[])`;

interface Owner {
  attempt: number;
  executionId: string | null;
  running: boolean;
}

/** Which attempt of each job is the last, which execution owns it, and whether it runs; live jobs and terminal ones. */
export async function findOwners(db: Queryable, jobIds: readonly string[]): Promise<Map<string, Owner>> {
  if (jobIds.length === 0) return new Map();
  const rows = await run<Owner & { id: string }>(db, 'find-owners', text, [jobIds]);
  return new Map(rows.map((row) => [row.id, row]));
}
