import { run, type Queryable } from './statement.js';

export interface InboxProgress {
  partition: number;
  /** The broker's time of the last record applied, milliseconds since the epoch; all before it are applied too. */
  reachedAtMs: number;
  reachedOffset: number;
  /**
   * Set when nothing could be heard for a while before this time, since the inbox or the broker stood still:
   * silence up to then counts for nothing.
   */
  deafUntilMs?: number | undefined;
}

const text = `
WITH reached AS MATERIALIZED (
  SELECT partition, to_timestamp(reached / 1000.0) AS reached_at, reached_offset, to_timestamp(deaf / 1000.0) AS deaf_until
  FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bigint[]) AS r (partition, reached, reached_offset, deaf)
), excused AS (
  UPDATE baton.worker w SET heard_at = r.deaf_until FROM reached r
  WHERE w.partition = r.partition AND w.source = 'event' AND w.state = 'alive' AND w.heard_at < r.deaf_until
)
INSERT INTO baton.inbox_progress AS p (partition, reached_at, reached_offset)
SELECT partition, reached_at, reached_offset FROM reached ORDER BY partition
ON CONFLICT (partition) DO UPDATE SET reached_at = greatest(p.reached_at, excluded.reached_at),
  reached_offset = greatest(p.reached_offset, excluded.reached_offset)`;

/** Moves the inbox's own clock, by which the silence of event workers is judged; never back. */
export async function recordInboxProgress(db: Queryable, progress: readonly InboxProgress[]): Promise<void> {
  if (progress.length === 0) return;
  await run(db, 'record-inbox-progress', text, [
    progress.map((p) => p.partition),
    progress.map((p) => p.reachedAtMs),
    progress.map((p) => p.reachedOffset),
    progress.map((p) => p.deafUntilMs ?? null),
  ]);
}
