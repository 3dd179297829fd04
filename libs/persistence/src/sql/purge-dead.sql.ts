import type { Transaction } from '../transaction/transaction.js';
import { run } from './statement.js';

const text = `
WITH gone AS (
  DELETE FROM baton.job_history h
  WHERE h.id = ANY ($1::uuid[]) AND h.tenant_id = $2 AND h.state = 'dead' AND ($3::text IS NULL OR h.queue = $3)
  RETURNING h.id
), attempts AS (
  DELETE FROM baton.job_attempt a USING gone WHERE a.job_id = gone.id
), events AS (
  DELETE FROM baton.job_event e USING gone WHERE e.job_id = gone.id
)
SELECT id FROM gone`;

/**
 * Deletes dead jobs for good, with their payloads, attempts and events.
 * @returns those that were dead
 */
export async function purgeDead(
  tx: Transaction,
  { tenantId, jobIds, queue }: { tenantId: string; jobIds: readonly string[]; queue?: string | undefined },
): Promise<string[]> {
  tx.locking('jobs');
  const rows = await run<{ id: string }>(tx, 'purge-dead', text, [jobIds, tenantId, queue ?? null]);
  return rows.map((row) => row.id);
}
