import { historyColumns, liveColumns, type JobRow } from './job-columns.js';
import { run, type Queryable } from './statement.js';

/** A {@link JobRow} with its payload (JSON). */
export interface ReadJob extends JobRow {
  payload: string;
}

const text = `
SELECT ${liveColumns}, payload FROM baton.job WHERE tenant_id = $1 AND id = ANY ($2::uuid[])
UNION ALL
SELECT ${historyColumns}, payload FROM baton.job_history WHERE tenant_id = $1 AND id = ANY ($2::uuid[])`;

/** Jobs by id, live or terminal, in no order; ids that are unknown or another tenant's are left out. */
export async function readJobs(db: Queryable, tenantId: string, ids: readonly string[]): Promise<ReadJob[]> {
  return run<ReadJob>(db, 'read-jobs', text, [tenantId, ids]);
}
