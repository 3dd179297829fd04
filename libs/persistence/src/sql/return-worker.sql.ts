import { forgiveLosses } from './forgive-losses.sql.js';
import { run, type Queryable } from './statement.js';

const text = `
WITH back AS (
  UPDATE baton.worker SET state = 'left' WHERE id = $1 AND state = 'lost' RETURNING id
)
${forgiveLosses('SELECT id FROM back')}`;

/** A polling worker that was given up is there after all, and goes on under another id: its jobs did not end it. */
export async function returnWorker(db: Queryable, workerId: string): Promise<void> {
  await run(db, 'return-worker', text, [workerId]);
}
