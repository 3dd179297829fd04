import type { OperationKind } from '../operations/operation.js';
import type { Transaction } from '../transaction/transaction.js';
import { hasCode } from './list-dead.sql.js';
import { operationColumns, type OperationRow } from './operations.sql.js';
import { run } from './statement.js';

/** An operation whose row is locked, with where its work goes on. */
export interface OperationAtWork extends OperationRow {
  position: string | null;
  /** Jobs of the slices before whose lanes were busy. */
  again: string[];
}

type Row<T> = T & { [column: string]: unknown };

// Its row is the first that a slice locks, and nobody locks one after anything else.
const lock = `
SELECT ${operationColumns}, position, again FROM baton.operation
WHERE state = 'running' AND next_at <= (SELECT baton.now())
ORDER BY next_at LIMIT 1
FOR UPDATE SKIP LOCKED`;

/** Locks the operation whose turn it is; one that another relay is at is passed over. */
export async function lockNextOperation(tx: Transaction): Promise<OperationAtWork | undefined> {
  tx.locking('lanes');
  const [row] = await run<Row<OperationAtWork>>(tx, 'lock-next-operation', lock, []);
  return row;
}

/** How many rows a slice looks through, whatever few of them are meant: it stays short. */
const window = 20_000;

/** Jobs to work on, and how far the look came. */
export interface Slice {
  ids: string[];
  position: string | null;
  /** Nothing lies beyond. */
  last: boolean;
}

const after = `id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')`;

// What was accepted, or has died, since the operation was made is not meant: a replayed job that dies again is not
// replayed for ever.
const slices = (scan: string, meant: string): string => `
WITH scanned AS MATERIALIZED (${scan} ORDER BY id LIMIT ${window}),
meant AS MATERIALIZED (SELECT s.id FROM scanned s JOIN baton.operation o ON o.id = $1 WHERE ${meant} ORDER BY s.id LIMIT $3)
SELECT (SELECT array_agg(id ORDER BY id) FROM meant) AS ids,
  (SELECT count(*)::int FROM scanned) AS scanned, (SELECT id FROM scanned ORDER BY id DESC LIMIT 1) AS "scannedTo"`;

const texts: Record<'ids' | 'live' | 'dead', string> = {
  ids: slices(
    `SELECT t.id::uuid AS id FROM baton.operation op CROSS JOIN LATERAL jsonb_array_elements_text(op.filter -> 'ids') t(id)
     WHERE op.id = $1 AND t.${after.replace('id >', 'id::uuid >')}`,
    'true',
  ).replace('ORDER BY id LIMIT', 'ORDER BY 1 LIMIT'),
  live: slices(
    `SELECT id, tenant_id, queue, state, ordering_key, concurrency_key, flow_id, created_at, cancel_requested_at
     FROM baton.job WHERE ${after}`,
    `s.tenant_id = o.tenant_id AND s.created_at <= o.created_at AND s.cancel_requested_at IS NULL
     AND (o.filter ->> 'queue' IS NULL OR s.queue = o.filter ->> 'queue')
     AND (o.filter ->> 'state' IS NULL OR s.state::text = o.filter ->> 'state')
     AND (o.filter ->> 'orderingKey' IS NULL OR s.ordering_key = o.filter ->> 'orderingKey')
     AND (o.filter ->> 'concurrencyKey' IS NULL OR s.concurrency_key = o.filter ->> 'concurrencyKey')
     AND (o.filter ->> 'flowId' IS NULL OR s.flow_id::text = o.filter ->> 'flowId')
     AND (o.filter ->> 'createdBefore' IS NULL OR s.created_at < (o.filter ->> 'createdBefore')::timestamptz)
     AND (o.filter ->> 'createdAfter' IS NULL OR s.created_at > (o.filter ->> 'createdAfter')::timestamptz)`,
  ),
  dead: slices(
    `SELECT id, error, finished_at FROM baton.job_history
     WHERE state = 'dead' AND queue = (SELECT filter ->> 'queue' FROM baton.operation WHERE id = $1)
       AND tenant_id = (SELECT tenant_id FROM baton.operation WHERE id = $1) AND ${after}`,
    `s.finished_at <= o.created_at
     AND (o.filter ->> 'code' IS NULL OR ${hasCode(`(o.filter ->> 'code')`)})
     AND (o.filter ->> 'before' IS NULL OR s.finished_at < (o.filter ->> 'before')::timestamptz)
     AND (o.filter ->> 'after' IS NULL OR s.finished_at > (o.filter ->> 'after')::timestamptz)`,
  ).replaceAll('starts_with(error', 'starts_with(s.error'),
};

/** The next jobs that an operation is for, in the order of their ids. */
export async function findSlice(
  tx: Transaction,
  { id, kind, filter, position }: Pick<OperationAtWork, 'id' | 'kind' | 'filter' | 'position'>,
  limit: number,
): Promise<Slice> {
  const sort = filter.ids ? 'ids' : sortOf(kind);
  type Found = { ids: string[] | null; scanned: number; scannedTo: string | null };
  const [found] = await run<Row<Found>>(tx, `find-slice-${sort}`, texts[sort], [id, position, limit]);
  const ids = found?.ids ?? [];
  if (ids.length === limit) return { ids, position: ids.at(-1) ?? position, last: false };
  return { ids, position: found?.scannedTo ?? position, last: (found?.scanned ?? 0) < window };
}

function sortOf(kind: OperationKind): 'live' | 'dead' {
  return kind === 'cancel' ? 'live' : 'dead';
}

const keep = `
UPDATE baton.operation SET done = done + $2, failed = failed + $3, position = $4, again = $5::uuid[],
  next_at = (SELECT baton.now()) + $6 * interval '1 ms', updated_at = (SELECT baton.now()),
  state = CASE WHEN $7 THEN 'finished' ELSE state END, finished_at = CASE WHEN $7 THEN (SELECT baton.now()) END
WHERE id = $1`;

export interface SliceDone {
  done: number;
  failed: number;
  position: string | null;
  again: readonly string[];
  /** Milliseconds until its next slice. */
  restMs: number;
  finished: boolean;
}

/** Keeps, in the slice's own transaction, how far the operation has come. */
export async function keepSlice(tx: Transaction, id: string, slice: SliceDone): Promise<void> {
  const { done, failed, position, again, restMs, finished } = slice;
  await run(tx, 'keep-slice', keep, [id, done, failed, position, again, restMs, finished]);
}
