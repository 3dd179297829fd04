import type { OperationFilter } from '../operations/operation-filter.js';
import type { OperationKind, OperationState } from '../operations/operation.js';
import { run, type Queryable } from './statement.js';

/** Something done to many jobs. Times are milliseconds since the epoch. */
export interface OperationRow {
  id: string;
  tenantId: string;
  kind: OperationKind;
  filter: OperationFilter;
  reason: string | null;
  state: OperationState;
  done: number;
  failed: number;
  total: number | null;
  ratePerSecond: number | null;
  error: string | null;
  createdAtMs: number;
  updatedAtMs: number;
  finishedAtMs: number | null;
}

const ms = (column: string): string => `floor(extract(epoch FROM ${column}) * 1000)::bigint`;
export const operationColumns = `id, tenant_id AS "tenantId", kind, filter, reason, state, done, failed, total,
  rate_per_second AS "ratePerSecond", error, ${ms('created_at')} AS "createdAtMs", ${ms('updated_at')} AS "updatedAtMs",
  ${ms('finished_at')} AS "finishedAtMs"`;

export interface NewOperation {
  id: string;
  tenantId: string;
  kind: OperationKind;
  filter: OperationFilter;
  reason?: string | undefined;
  ratePerSecond?: number | undefined;
}

const insert = `
INSERT INTO baton.operation (id, tenant_id, kind, filter, reason, rate_per_second, total)
VALUES ($1, $2, $3, $4::jsonb, $5, $6, jsonb_array_length($4::jsonb -> 'ids'))
RETURNING ${operationColumns}`;

/** Makes an operation; the relay's timers work it off. */
export async function insertOperation(db: Queryable, operation: NewOperation): Promise<OperationRow> {
  const [row] = await run<Row>(db, 'insert-operation', insert, [
    operation.id,
    operation.tenantId,
    operation.kind,
    JSON.stringify(operation.filter),
    operation.reason ?? null,
    operation.ratePerSecond ?? null,
  ]);
  if (!row) throw new TypeError('insert-operation returned no row');
  return row;
}

type Row = OperationRow & { [column: string]: unknown };

const read = `SELECT ${operationColumns} FROM baton.operation WHERE id = $1 AND tenant_id = $2`;

export async function readOperation(
  db: Queryable,
  tenantId: string,
  id: string,
): Promise<OperationRow | undefined> {
  const [row] = await run<Row>(db, 'read-operation', read, [id, tenantId]);
  return row;
}

const list = `
SELECT ${operationColumns} FROM baton.operation
WHERE tenant_id = $1 AND id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY id DESC LIMIT $3`;

/** A tenant's operations, the newest first. */
export function listOperations(
  db: Queryable,
  { tenantId, beforeId, limit }: { tenantId: string; beforeId?: string | undefined; limit: number },
): Promise<OperationRow[]> {
  return run<Row>(db, 'list-operations', list, [tenantId, beforeId ?? null, limit]);
}

const cancel = `
UPDATE baton.operation SET state = 'cancelled', updated_at = baton.now(), finished_at = baton.now()
WHERE id = $1 AND tenant_id = $2 AND state = 'running'
RETURNING ${operationColumns}`;

/** Stops an operation after the slice that is under way. @returns undefined when it does not run */
export async function cancelOperation(
  db: Queryable,
  tenantId: string,
  id: string,
): Promise<OperationRow | undefined> {
  const [row] = await run<Row>(db, 'cancel-operation', cancel, [id, tenantId]);
  return row;
}

const fail = `
UPDATE baton.operation SET state = 'failed', error = $2, updated_at = baton.now(), finished_at = baton.now()
WHERE id = $1 AND state = 'running'`;

/** Ends an operation that cannot go on. */
export async function failOperation(db: Queryable, id: string, error: string): Promise<void> {
  await run(db, 'fail-operation', fail, [id, error]);
}

const next = `
SELECT ceil(extract(epoch FROM min(next_at) - (SELECT baton.now())) * 1000)::bigint AS "inMs"
FROM baton.operation WHERE state = 'running'`;

/** Milliseconds until some operation may go on; undefined: none runs. */
export async function findNextOperation(db: Queryable): Promise<number | undefined> {
  const [row] = await run<{ inMs: number | null }>(db, 'find-next-operation', next, []);
  return row?.inMs ?? undefined;
}

const sweep = `
DELETE FROM baton.operation WHERE id IN (
  SELECT id FROM baton.operation WHERE finished_at < (SELECT baton.now()) - interval '30 days' LIMIT $1
)`;

/** Forgets operations that ended 30 days ago. @returns how many */
export async function sweepOperations(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ name: 'sweep-operations', text: sweep, values: [limit] });
  return rowCount ?? 0;
}
