import { sqlState } from '../transaction/sqlstate.js';
import { run, type Queryable } from './statement.js';

const status = `SELECT pg_xact_status($1::xid8) = 'in progress' AS "inProgress"`;
const written = `
SELECT EXISTS (SELECT FROM baton.job WHERE id = $1) OR EXISTS (SELECT FROM baton.job_history WHERE id = $1) AS written`;

/** A transaction id that a crash of the server forgot is "in the future", or given to another transaction. */
const invalidParameter = '22023';

/**
 * What became of a transaction that inserted a job, asked on another connection. Ids of transactions that a crash
 * forgot are given anew, so once nothing is in progress the job itself decides.
 */
export async function transactionFate(
  db: Queryable,
  { xid, jobId }: { xid: string; jobId: string },
): Promise<'in progress' | 'committed' | 'aborted'> {
  try {
    const [row] = await run<{ inProgress: boolean | null }>(db, 'transaction-status', status, [xid]);
    if (row?.inProgress) return 'in progress';
  } catch (error) {
    if (!(error instanceof Error) || sqlState(error) !== invalidParameter) throw error;
  }
  const [row] = await run<{ written: boolean }>(db, 'transaction-wrote-job', written, [jobId]);
  return row?.written ? 'committed' : 'aborted';
}
