import type { Transaction } from '../transaction/transaction.js';
import { run } from './statement.js';

const text = `
SELECT j.id FROM baton.job j
JOIN unnest($1::uuid[], $2::int[], $3::bigint[]) AS r (id, attempt, outbox_id) ON r.id = j.id
WHERE j.attempt = r.attempt AND j.outbox_id = r.outbox_id AND j.state = 'queued' AND j.mode = 'event' AND j.execution_id IS NULL
ORDER BY j.id FOR UPDATE OF j`;

/** Locks those jobs of which still nobody has heard under the attempt whose record was lost. */
export async function lockLostRecords(
  tx: Transaction,
  records: readonly { jobId: string; attempt: number; outboxId: number }[],
): Promise<string[]> {
  tx.locking('jobs');
  const rows = await run<{ id: string }>(tx, 'lock-lost-records', text, [
    records.map(({ jobId }) => jobId),
    records.map(({ attempt }) => attempt),
    records.map(({ outboxId }) => outboxId),
  ]);
  return rows.map((row) => row.id);
}
