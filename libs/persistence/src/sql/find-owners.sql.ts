import { run, type Queryable } from './statement.js';

const text = `
SELECT id, attempt, execution_id AS "executionId" FROM baton.job WHERE id = ANY ($1::uuid[])
UNION ALL
SELECT id, attempt, execution_id FROM baton.job_history WHERE id = ANY ($1::uuid[])`;

/** Which attempt of each job is the last, and which execution owns it; live jobs and terminal ones. */
export async function findOwners(
  db: Queryable,
  jobIds: readonly string[],
): Promise<Map<string, { attempt: number; executionId: string | null }>> {
  if (jobIds.length === 0) return new Map();
  type Row = { id: string; attempt: number; executionId: string | null };
  const rows = await run<Row>(db, 'find-owners', text, [jobIds]);
  return new Map(rows.map((row) => [row.id, row]));
}
