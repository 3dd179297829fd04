import { type JobState, limits } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

interface Row {
  childId: string;
  id: string;
  name: string | null;
  state: JobState | null;
  kind: 'json' | 'file' | null;
  fits: boolean;
  result: string | null;
}

// In the order of their ids, which is that of their acceptance; results as long as all of them together fit.
const text = `
SELECT p.child_id AS "childId", p.parent_id AS id, p.name, p.state, p.result_kind AS kind, p.sum <= ${limits.parentResultBytes} AS fits,
  CASE WHEN p.sum <= ${limits.parentResultBytes} THEN p.result END AS result
FROM (
  SELECT d.child_id, d.parent_id, d.name, h.state, h.result_kind, h.result,
    sum(coalesce(octet_length(h.result), 0)) OVER (PARTITION BY d.child_id ORDER BY d.parent_id) AS sum
  FROM baton.dependency d
  LEFT JOIN LATERAL (SELECT * FROM baton.job_history h WHERE h.id = d.parent_id LIMIT 1) h ON true
  WHERE d.child_id = ANY ($1::uuid[])
) p
ORDER BY p.child_id, p.parent_id`;

/**
 * What became of each job's parents, as the JSON text that its handler is handed: `[{id, name?, state, result?, missing?}]`.
 * The same in both modes, so a queue may be switched: JSON results up to 256 KiB in sum, in the order of the parents' ids;
 * `missing` says of a result that it was `too_large` for that, is a `file`, or that its job has `expired`.
 */
export async function readParents(db: Queryable, childIds: readonly string[]): Promise<Map<string, string>> {
  if (childIds.length === 0) return new Map();
  const parts = new Map<string, string[]>();
  for (const row of await run<Row & { [column: string]: unknown }>(db, 'read-parents', text, [childIds])) {
    const told = parts.get(row.childId);
    if (told) told.push(partOf(row));
    else parts.set(row.childId, [partOf(row)]);
  }
  return new Map([...parts].map(([childId, told]) => [childId, `[${told.join(',')}]`]));
}

function partOf({ id, name, state, kind, fits, result }: Row): string {
  const missing = state === null ? 'expired' : kind === 'file' ? 'file' : fits ? undefined : 'too_large';
  const head = JSON.stringify({ id, ...(name !== null && { name }), ...(state && { state }), missing });
  return result === null ? head : `${head.slice(0, -1)},"result":${result}}`;
}
