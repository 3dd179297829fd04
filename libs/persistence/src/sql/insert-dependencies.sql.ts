import type { FailurePolicy } from '@baton/contracts';
import type { Transaction } from '../transaction/transaction.js';
import { type Queryable, run } from './statement.js';

export interface Dependency {
  parentId: string;
  childId: string;
  tenantId: string;
  onFailure: FailurePolicy;
  /** The child does not wait for it. */
  done: boolean;
  name: string | null;
}

const insert = `
INSERT INTO baton.dependency (parent_id, child_id, tenant_id, on_failure, done, name)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bool[], $6::text[])`;

export async function insertDependencies(tx: Transaction, rows: readonly Dependency[]): Promise<void> {
  if (rows.length === 0) return;
  await run(tx, 'insert-dependencies', insert, [
    rows.map((row) => row.parentId),
    rows.map((row) => row.childId),
    rows.map((row) => row.tenantId),
    rows.map((row) => row.onFailure),
    rows.map((row) => row.done),
    rows.map((row) => row.name),
  ]);
}

const count = `SELECT count(*)::int AS n FROM baton.dependency WHERE parent_id = $1`;

/** How many jobs depend on one. */
export async function countDependants(db: Queryable, jobId: string): Promise<number> {
  const [row] = await run<{ n: number }>(db, 'count-dependants', count, [jobId]);
  return row?.n ?? 0;
}

const mark = (table: string): string => `
UPDATE baton.${table} SET has_dependants = true, follows = true WHERE id = ANY ($1::uuid[]) AND NOT has_dependants`;
const markLive = mark('job');
const markEnded = mark('job_history');

/**
 * Marks jobs, whose rows the transaction has locked, as parents: whoever ends one sees to its dependants. A dead one
 * too, since its replay may end it anew.
 */
export async function markParents(
  tx: Transaction,
  { live, ended }: { live: readonly string[]; ended: readonly string[] },
): Promise<void> {
  if (live.length > 0) await run(tx, 'mark-parents', markLive, [live]);
  if (ended.length > 0) await run(tx, 'mark-parents-ended', markEnded, [ended]);
}
