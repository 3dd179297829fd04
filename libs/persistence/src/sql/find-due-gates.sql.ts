import type { GateKey } from './gate-key.js';
import { run, type Queryable } from './statement.js';

const due = `
SELECT queue, key, tenant_id AS "tenantId" FROM baton.gate WHERE due_at <= (SELECT baton.now()) ORDER BY due_at LIMIT $1`;

/** Gates where jobs stand that no slot holds back and whose time has come, the longest due first. */
export function findDueGates(db: Queryable, limit: number): Promise<GateKey[]> {
  return run<GateKey & { [column: string]: unknown }>(db, 'find-due-gates', due, [limit]);
}

const next = `
SELECT floor(extract(epoch FROM baton.now()) * 1000)::bigint AS "nowMs",
  (SELECT ceil(extract(epoch FROM min(due_at)) * 1000)::bigint FROM baton.gate WHERE due_at IS NOT NULL) AS "dueAtMs"`;

/** PostgreSQL's time, and when the next gate is due, milliseconds since the epoch; null: none is. */
export async function findNextGate(db: Queryable): Promise<{ nowMs: number; dueAtMs: number | null }> {
  const [row] = await run<{ nowMs: number; dueAtMs: number | null }>(db, 'find-next-gate', next, []);
  if (!row) throw new TypeError('find-next-gate returned no row');
  return row;
}

// The index is read from key to key, a probe each.
const standing = `
WITH RECURSIVE found AS (
  SELECT f.* FROM (
    SELECT concurrency_key AS key, tenant_id FROM baton.job
    WHERE queue = $1 AND state = 'held' AND gate = 1 AND (concurrency_key, tenant_id) > ($2, $3::uuid)
    ORDER BY concurrency_key, tenant_id LIMIT 1
  ) f
  UNION ALL
  SELECT n.* FROM found CROSS JOIN LATERAL (
    SELECT concurrency_key, tenant_id FROM baton.job
    WHERE queue = $1 AND state = 'held' AND gate = 1 AND (concurrency_key, tenant_id) > (found.key, found.tenant_id)
    ORDER BY concurrency_key, tenant_id LIMIT 1
  ) n
)
SELECT $1 AS queue, key, tenant_id AS "tenantId" FROM found LIMIT $4`;

/** Keys' gates of a queue before which jobs stand, in order, those after one of them. */
export function findStandingGates(
  db: Queryable,
  { queue, key, tenantId }: GateKey,
  limit: number,
): Promise<GateKey[]> {
  return run<GateKey & { [column: string]: unknown }>(db, 'find-standing-gates', standing, [
    queue,
    key,
    tenantId,
    limit,
  ]);
}
