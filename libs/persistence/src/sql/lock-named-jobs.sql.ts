import type { JobState } from '@baton/contracts';
import type { Transaction } from '../transaction/transaction.js';
import { run } from './statement.js';

/** A job that a request names: a parent, or one that has a unique key. */
export interface NamedJob {
  id: string;
  tenantId: string;
  state: JobState;
}

const live = `
SELECT id, tenant_id AS "tenantId", state FROM baton.job WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE`;

// Locked, so that no replay takes a dead one away meanwhile.
const ended = `
SELECT id, tenant_id AS "tenantId", state FROM baton.job_history WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE`;

/** Between the two looks a job may end, and between the next two be replayed. */
const rounds = 2;

/**
 * Locks jobs by id, live or terminal. A job whose settle is under way is waited for: whoever comes first, the other
 * sees it. With a mere look, or a share lock, a parent's settle and its child's accept miss each other, and the child
 * waits for ever.
 * @returns those that there are
 */
export async function lockNamedJobs(tx: Transaction, ids: Iterable<string>): Promise<Map<string, NamedJob>> {
  const found = new Map<string, NamedJob>();
  const wanted = new Set(ids);
  if (wanted.size === 0) return found;
  tx.locking('jobs');
  for (let round = 0; round < rounds; round++) {
    for (const [name, text] of [
      ['lock-named-jobs', live],
      ['lock-named-jobs-ended', ended],
    ] as const) {
      const missing = [...wanted].filter((id) => !found.has(id));
      if (missing.length === 0) return found;
      for (const row of await run<NamedJob & { [column: string]: unknown }>(tx, name, text, [missing]))
        found.set(row.id, row);
    }
  }
  return found;
}
