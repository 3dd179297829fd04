import { run, type Queryable } from './statement.js';

/** One slice of a walk over a table. */
export interface Swept<Place> {
  /** Rows that were deleted. */
  swept: number;
  /** Where the walk goes on; undefined: it has come to the end. */
  next: Place | undefined;
}

interface Slice {
  swept: number;
  seen: number;
  [column: string]: unknown;
}

export const firstId = '00000000-0000-0000-0000-000000000000';

// A job is moved between the two tables by one transaction: one snapshot sees it in one of them.
const isGone = (id: string): string => `
  NOT EXISTS (SELECT FROM baton.job j WHERE j.id = ${id}) AND NOT EXISTS (SELECT FROM baton.job_history h WHERE h.id = ${id})`;

const dependencies = `
WITH page AS MATERIALIZED (
  SELECT child_id, parent_id FROM baton.dependency
  WHERE (child_id, parent_id) > ($1::uuid, $2::uuid) ORDER BY child_id, parent_id LIMIT $3
), gone AS MATERIALIZED (
  SELECT child_id FROM (SELECT DISTINCT child_id FROM page) c WHERE ${isGone('c.child_id')}
), swept AS (
  DELETE FROM baton.dependency d USING page p JOIN gone USING (child_id)
  WHERE d.parent_id = p.parent_id AND d.child_id = p.child_id RETURNING 1
), last AS (SELECT child_id, parent_id FROM page ORDER BY child_id DESC, parent_id DESC LIMIT 1)
SELECT (SELECT count(*)::int FROM swept) AS swept, (SELECT count(*)::int FROM page) AS seen,
  child_id AS "childId", parent_id AS "parentId" FROM last`;

export interface DependencyPlace {
  childId: string;
  parentId: string;
}

/** Forgets what jobs depended on that are gone. */
export async function sweepDependencies(
  db: Queryable,
  limit: number,
  after: DependencyPlace = { childId: firstId, parentId: firstId },
): Promise<Swept<DependencyPlace>> {
  const values = [after.childId, after.parentId, limit];
  const [row] = await run<Slice & DependencyPlace>(db, 'sweep-dependencies', dependencies, values);
  return sweptOf(row, limit);
}

// Younger than a day: the repeats of the request that made it may still ask for it.
const flows = `
WITH page AS MATERIALIZED (
  SELECT id, job_ids, created_at FROM baton.flow WHERE id > $1 ORDER BY id LIMIT $2
), swept AS (
  DELETE FROM baton.flow f USING page p
  WHERE f.id = p.id AND p.created_at < (SELECT baton.now()) - interval '1 day'
    AND NOT EXISTS (SELECT FROM baton.job j WHERE j.id = ANY (p.job_ids))
    AND NOT EXISTS (SELECT FROM baton.job_history h WHERE h.id = ANY (p.job_ids))
  RETURNING 1
), last AS (SELECT id FROM page ORDER BY id DESC LIMIT 1)
SELECT (SELECT count(*)::int FROM swept) AS swept, (SELECT count(*)::int FROM page) AS seen, id FROM last`;

export interface FlowPlace {
  id: string;
}

/** Forgets flows none of whose jobs is there, a day after they were accepted at the soonest. */
export async function sweepFlows(
  db: Queryable,
  limit: number,
  after: FlowPlace = { id: firstId },
): Promise<Swept<FlowPlace>> {
  const [row] = await run<Slice & FlowPlace>(db, 'sweep-flows', flows, [after.id, limit]);
  return sweptOf(row, limit);
}

// A key that has been taken since the snapshot has another job by then, of which this snapshot knows nothing: it stays.
// One that somebody is asking for is passed over: keys are locked in an order, and the sweep waits for none.
const keys = `
WITH page AS MATERIALIZED (
  SELECT tenant_id, queue, hash, job_id, accepted_at,
    NOT EXISTS (SELECT FROM baton.job j WHERE j.id = u.job_id) AND (
      until <= (SELECT baton.now()) OR NOT outlives OR NOT EXISTS (SELECT FROM baton.job_history h WHERE h.id = u.job_id)
    ) AS old
  FROM baton.unique_key u
  WHERE (tenant_id, queue, hash) > ($1::uuid, $2::text, $3::bytea) ORDER BY tenant_id, queue, hash LIMIT $4
), free AS MATERIALIZED (
  SELECT u.tenant_id, u.queue, u.hash
  FROM page p JOIN baton.unique_key u ON u.tenant_id = p.tenant_id AND u.queue = p.queue AND u.hash = p.hash
  WHERE p.old AND u.job_id = p.job_id AND u.accepted_at = p.accepted_at
  FOR UPDATE OF u SKIP LOCKED
), swept AS (
  DELETE FROM baton.unique_key u USING free f
  WHERE u.tenant_id = f.tenant_id AND u.queue = f.queue AND u.hash = f.hash RETURNING 1
), last AS (SELECT * FROM page ORDER BY tenant_id DESC, queue DESC, hash DESC LIMIT 1)
SELECT (SELECT count(*)::int FROM swept) AS swept, (SELECT count(*)::int FROM page) AS seen,
  tenant_id AS "tenantId", queue, hash FROM last`;

export interface KeyPlace {
  tenantId: string;
  queue: string;
  hash: Buffer;
}

/** Forgets unique keys whose job has ended and whose window is over, and those whose job is gone. */
export async function sweepUniqueKeys(
  db: Queryable,
  limit: number,
  after: KeyPlace = { tenantId: firstId, queue: '', hash: Buffer.alloc(0) },
): Promise<Swept<KeyPlace>> {
  const values = [after.tenantId, after.queue, after.hash, limit];
  const [row] = await run<Slice & KeyPlace>(db, 'sweep-unique-keys', keys, values);
  return sweptOf(row, limit);
}

function sweptOf<Place>(row: (Slice & Place) | undefined, limit: number): Swept<Place> {
  return { swept: row?.swept ?? 0, next: row && row.seen === limit ? row : undefined };
}
