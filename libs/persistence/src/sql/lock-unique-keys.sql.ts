import type { Transaction } from '../transaction/transaction.js';
import { run } from './statement.js';

/** By what a job is unique. */
export interface UniqueKey {
  tenantId: string;
  queue: string;
  hash: Buffer;
}

/** A key with the job that has it. */
export interface LockedKey extends UniqueKey {
  jobId: string;
  /** How long ago that job was accepted, milliseconds. */
  ageMs: number;
}

/** One string a key, for maps and sets. */
export function uniqueKeyId({ tenantId, queue, hash }: UniqueKey): string {
  return `unique/${tenantId}/${queue}/${hash.toString('hex')}`;
}

const keyRows = `unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[]) AS k(tenant_id, queue, hash, job_id)`;
const ofKey = 'u.tenant_id = k.tenant_id AND u.queue = k.queue AND u.hash = k.hash';

// Whoever inserts an equal key at the same time is waited for here: that is what makes it unique.
const insertMissing = `
INSERT INTO baton.unique_key (tenant_id, queue, hash, job_id)
SELECT k.* FROM ${keyRows} ORDER BY k.tenant_id, k.queue, k.hash ON CONFLICT DO NOTHING`;

const lock = `
SELECT u.tenant_id AS "tenantId", u.queue, u.hash, u.job_id AS "jobId",
  (extract(epoch FROM baton.now() - u.accepted_at) * 1000)::float8 AS "ageMs"
FROM ${keyRows} JOIN baton.unique_key u ON ${ofKey}
ORDER BY u.tenant_id, u.queue, u.hash
FOR UPDATE OF u`;

/**
 * Locks unique keys for the rest of the transaction, in their order, waiting for each; those that are not there are
 * made, for the jobs that ask.
 * @param keys each once, with the job that wants it
 * @returns each key with the job that has it: the one that asks, or another, whose state says whether it is in the way
 */
export async function lockUniqueKeys(
  tx: Transaction,
  keys: readonly (UniqueKey & { jobId: string })[],
): Promise<Map<string, LockedKey>> {
  tx.locking('unique keys');
  const locked = new Map<string, LockedKey>();
  // Between the two statements the end of a job may take its key along; then it is made anew.
  for (let left = [...keys]; left.length > 0; left = left.filter((key) => !locked.has(uniqueKeyId(key)))) {
    await run(tx, 'lock-unique-keys-insert', insertMissing, columns(left));
    for (const row of await run<LockedKey & { [column: string]: unknown }>(
      tx,
      'lock-unique-keys',
      lock,
      columns(left),
    ))
      locked.set(uniqueKeyId(row), row);
  }
  return locked;
}

const columns = (keys: readonly (UniqueKey & { jobId: string })[]) => [
  keys.map((key) => key.tenantId),
  keys.map((key) => key.queue),
  keys.map((key) => key.hash),
  keys.map((key) => key.jobId),
];

const take = `
UPDATE baton.unique_key u SET job_id = k.job_id, accepted_at = baton.now(),
  until = baton.now() + k.within_ms * interval '1 ms', outlives = k.outlives
FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[], $5::float8[], $6::bool[])
  AS k(tenant_id, queue, hash, job_id, within_ms, outlives)
WHERE ${ofKey}`;

/** A key that a new job takes. */
export interface TakenKey extends UniqueKey {
  jobId: string;
  withinMs: number | null;
  /** It is kept when the job has ended. */
  outlives: boolean;
}

export async function takeUniqueKeys(tx: Transaction, keys: readonly TakenKey[]): Promise<void> {
  if (keys.length === 0) return;
  await run(tx, 'take-unique-keys', take, [
    ...columns(keys),
    keys.map((key) => key.withinMs),
    keys.map((key) => key.outlives),
  ]);
}

const free = `
DELETE FROM baton.unique_key u USING (
  SELECT u.tenant_id, u.queue, u.hash FROM ${keyRows} JOIN baton.unique_key u ON ${ofKey}
  WHERE u.job_id = k.job_id AND NOT u.outlives
  FOR UPDATE OF u SKIP LOCKED
) AS k WHERE ${ofKey}`;

/**
 * Takes the keys of ended jobs along. It waits for nobody: keys stand before jobs in the lock order, and a transaction
 * that ends jobs has those locked. A key that is passed over is being asked for, and found free, since its job has ended.
 */
export async function freeUniqueKeys(
  tx: Transaction,
  keys: readonly (UniqueKey & { jobId: string })[],
): Promise<void> {
  if (keys.length > 0) await run(tx, 'free-unique-keys', free, columns(keys));
}
