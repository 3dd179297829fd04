import type { Transaction } from '../transaction/transaction.js';
import { run } from './statement.js';

// A worker that is still lost when its jobs are lost again elsewhere has not come back: what looked like a lapse was
// the end of it. Of an attempt that was alone then, only now can be said that it crashed.
const text = `
WITH marked AS (
  UPDATE baton.job j SET
    careful = j.careful OR $2 OR l.gone,
    crashes = j.crashes + (j.alone AND $2)::int + (l.gone AND j.death IS NOT DISTINCT FROM 'unsure')::int,
    died_with = j.worker_id,
    death = CASE WHEN j.alone THEN CASE WHEN $2 THEN 'counted' ELSE 'unsure' END END
  FROM (
    SELECT o.id, EXISTS (SELECT FROM baton.worker w WHERE w.id = o.died_with AND w.state = 'lost') AS gone
    FROM baton.job o WHERE o.id = ANY ($1::uuid[])
  ) l
  WHERE j.id = l.id
  RETURNING j.id, j.queue, j.crashes
)
SELECT m.id, m.crashes FROM marked m JOIN baton.queue q ON q.name = m.queue WHERE m.crashes >= q.max_crashes`;

/**
 * Holds the loss of its worker against each job: it runs alone next time and, where it was alone, this counts as a crash.
 * The transaction has locked the jobs and not yet released them.
 * @param options.died false: the worker's lease lapsed, and it may be there still
 * @returns those that have crashed as often as their queues allow, with how often
 */
export async function markLosses(
  tx: Transaction,
  jobIds: readonly string[],
  { died }: { died: boolean },
): Promise<Map<string, number>> {
  if (jobIds.length === 0) return new Map();
  tx.locking('jobs');
  const rows = await run<{ id: string; crashes: number }>(tx, 'mark-losses', text, [jobIds, died]);
  return new Map(rows.map((row) => [row.id, row.crashes]));
}
