import type { Transaction } from '../transaction/transaction.js';
import type { OwnedJob } from './give-up-worker.sql.js';
import { ownedColumns } from './give-up-worker.sql.js';
import { run, type Queryable } from './statement.js';

const find = `
SELECT execution_id AS id FROM baton.job
WHERE worker_id = ANY ($1::uuid[]) AND state = 'running' AND mode = 'event' AND execution_id <> ALL ($2::uuid[])`;

/** What event workers are believed to run beyond the executions that they named. */
export async function findUnnamedExecutions(
  db: Queryable,
  workerIds: readonly string[],
  named: readonly string[],
): Promise<string[]> {
  if (workerIds.length === 0) return [];
  const rows = await run<{ id: string }>(db, 'find-unnamed-executions', find, [workerIds, named]);
  return rows.map((row) => row.id);
}

const lock = `
SELECT ${ownedColumns} FROM baton.job
WHERE worker_id = ANY ($1::uuid[]) AND execution_id = ANY ($2::uuid[]) AND state = 'running' ORDER BY id FOR UPDATE`;

/** Locks what these executions still run. */
export function lockExecutions(
  tx: Transaction,
  workerIds: readonly string[],
  executionIds: readonly string[],
): Promise<OwnedJob[]> {
  tx.locking('jobs');
  return run<OwnedJob & { [column: string]: unknown }>(tx, 'lock-executions', lock, [
    workerIds,
    executionIds,
  ]);
}
