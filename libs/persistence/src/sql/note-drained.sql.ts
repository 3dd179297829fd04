import { run, type Queryable } from './statement.js';

/** A producer that has not heard yet that the queue drains lets jobs in for so long at most, milliseconds. */
const lateMs = 2_000;

const text = `
WITH draining AS MATERIALIZED (SELECT name, draining_at FROM baton.queue WHERE draining_at IS NOT NULL AND drained_at IS NULL),
drained AS (
  UPDATE baton.queue q SET drained_at = (SELECT baton.now()) FROM draining d
  WHERE q.name = d.name AND q.draining_at = d.draining_at AND d.draining_at <= (SELECT baton.now()) - ${lateMs} * interval '1 ms'
    AND NOT EXISTS (SELECT FROM baton.job j WHERE j.queue = d.name)
  RETURNING q.name
)
SELECT ARRAY(SELECT name FROM drained) AS drained, (SELECT count(*)::int FROM draining) AS draining`;

/**
 * Notes of queues that drain and have no live job any more that they have drained, each once; a trigger makes the event.
 * Where other queues have many live jobs it reads them all: not for a hot path.
 * @returns them, and how many drain still
 */
export async function noteDrained(db: Queryable): Promise<{ drained: string[]; draining: number }> {
  const [row] = await run<{ drained: string[]; draining: number }>(db, 'note-drained', text, []);
  if (!row) throw new TypeError('note-drained returned no row');
  return { drained: row.drained, draining: row.draining - row.drained.length };
}
