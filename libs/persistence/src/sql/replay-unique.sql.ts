import type { Transaction } from '../transaction/transaction.js';
import type { UniqueKey } from './lock-unique-keys.sql.js';
import type { ReplayParams } from './replay-jobs.sql.js';
import { run } from './statement.js';

const ofDead = `
SELECT tenant_id AS "tenantId", queue, unique_hash AS hash, id AS "jobId"
FROM baton.job_history
WHERE id = ANY ($1::uuid[]) AND tenant_id = $2 AND state = 'dead' AND ($3::text IS NULL OR queue = $3)
  AND unique_hash IS NOT NULL
ORDER BY id`;

/** By what those of these dead jobs are unique that are. */
export function findKeysOfDead(
  tx: Transaction,
  { jobIds, tenantId, queue }: ReplayParams,
): Promise<(UniqueKey & { jobId: string })[]> {
  return run<UniqueKey & { jobId: string; [column: string]: unknown }>(tx, 'find-keys-of-dead', ofDead, [
    jobIds,
    tenantId,
    queue ?? null,
  ]);
}

const holders = `SELECT id FROM baton.job WHERE id = ANY ($1::uuid[])`;

/** Which of the jobs that have keys are live: whoever would replay another has to lock its key first. */
export async function findHolders(tx: Transaction, jobIds: readonly string[]): Promise<Set<string>> {
  const rows = await run<{ id: string }>(tx, 'find-holders', holders, [jobIds]);
  return new Set(rows.map(({ id }) => id));
}

const hand = `
UPDATE baton.unique_key u SET job_id = k.job_id
FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[]) AS k(tenant_id, queue, hash, job_id)
WHERE u.tenant_id = k.tenant_id AND u.queue = k.queue AND u.hash = k.hash AND u.job_id <> k.job_id`;

/** Gives keys that are locked to other jobs; their windows stay as they were. */
export async function handUniqueKeys(
  tx: Transaction,
  keys: readonly (UniqueKey & { jobId: string })[],
): Promise<void> {
  if (keys.length === 0) return;
  await run(tx, 'hand-unique-keys', hand, [
    keys.map((key) => key.tenantId),
    keys.map((key) => key.queue),
    keys.map((key) => key.hash),
    keys.map((key) => key.jobId),
  ]);
}
