import { forgiveLosses } from './forgive-losses.sql.js';
import { run, type Queryable } from './statement.js';

/** What was heard of an event worker. */
export interface HeardWorker {
  id: string;
  /** The broker's time of its last record, milliseconds since the epoch. */
  heardAtMs: number;
  /** Where it speaks. */
  partition: number;
  /** It has said so and is gone; it speaks no more. */
  left: boolean;
  /** From its first words; absent when only later ones were read. */
  registration?: { host: string; pid: number; queues: readonly string[] } | undefined;
}

// Updated first, inserted only where missing: an upsert would use up a worker's number each time.
// A worker that was given up and speaks again lives; what it had lost stays lost, and is not held against the jobs. One that left stays gone.
const text = `
WITH said AS MATERIALIZED (
  SELECT id, to_timestamp(heard / 1000.0) AS heard_at, partition, gone, host, pid, queues
  FROM jsonb_to_recordset($1::jsonb) AS said (id uuid, heard bigint, partition integer, gone boolean, host text, pid integer, queues text[])
), back AS MATERIALIZED (
  SELECT w.id FROM said s JOIN baton.worker w ON w.id = s.id WHERE w.state = 'lost' AND w.heard_at < s.heard_at
), forgiven AS (${forgiveLosses('SELECT id FROM back')}
), known AS (
  UPDATE baton.worker w SET
    state = CASE WHEN s.gone OR w.state = 'left' THEN 'left' WHEN w.heard_at >= s.heard_at THEN w.state ELSE 'alive' END,
    heard_at = greatest(w.heard_at, s.heard_at), partition = s.partition,
    host = coalesce(s.host, w.host), pid = coalesce(s.pid, w.pid), queues = coalesce(s.queues, w.queues)
  FROM said s WHERE w.id = s.id RETURNING w.id
)
INSERT INTO baton.worker (id, source, host, pid, queues, state, heard_at, partition)
SELECT id, 'event', coalesce(host, ''), coalesce(pid, 0), coalesce(queues, '{}'), CASE WHEN gone THEN 'left' ELSE 'alive' END, heard_at, partition
FROM said WHERE id NOT IN (SELECT id FROM known)
ON CONFLICT (id) DO NOTHING`;

/** Notes what event workers said last; never goes back in time. Each worker at most once. */
export async function hearWorkers(db: Queryable, workers: readonly HeardWorker[]): Promise<void> {
  if (workers.length === 0) return;
  const rows = workers.map(({ id, heardAtMs, partition, left, registration }) => ({
    id,
    heard: heardAtMs,
    partition,
    gone: left,
    ...registration,
  }));
  await run(db, 'hear-workers', text, [JSON.stringify(rows)]);
}
