import type { Transaction } from '../transaction/transaction.js';
import { run } from './statement.js';

const text = `
UPDATE baton.job SET cancel_by = least(cancel_by, (SELECT baton.now()))
WHERE id = ANY ($1::uuid[]) AND cancel_requested_at IS NOT NULL
RETURNING id`;

/**
 * Of jobs that nobody runs any more, those whose cancel was requested: their grace is over at once, and the timers end
 * them. It is not done here, since whoever gives up a worker has locked jobs, and lanes come before jobs.
 */
export async function hastenCancels(tx: Transaction, jobIds: readonly string[]): Promise<Set<string>> {
  if (jobIds.length === 0) return new Set();
  tx.locking('jobs');
  const rows = await run<{ id: string }>(tx, 'hasten-cancels', text, [jobIds]);
  return new Set(rows.map((row) => row.id));
}
