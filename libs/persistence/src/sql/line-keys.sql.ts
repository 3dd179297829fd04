import { limits } from '@baton/contracts';
import type { Transaction } from '../transaction/transaction.js';
import { run } from './statement.js';

export interface LineKey {
  key: string;
  /** SHA-256 of the line. */
  bodyHash: Buffer;
  jobId: string;
}

// In the keys' order: two streams with the same keys wait for each other in one direction only.
const take = `
INSERT INTO baton.idempotency (tenant_id, route, key, body_hash, job_ids, created_at)
SELECT $1::uuid, $2::text, k.key, k.body_hash, ARRAY[k.job_id], (SELECT baton.now())
FROM unnest($3::text[], $4::bytea[], $5::uuid[]) AS k(key, body_hash, job_id)
ORDER BY k.key COLLATE "C"
ON CONFLICT DO NOTHING
RETURNING key`;

// Found in a later statement: what a conflict waited for is seen by a newer snapshot. A row past its time is taken over.
const renew = `
UPDATE baton.idempotency i SET body_hash = k.body_hash, job_ids = ARRAY[k.job_id], created_at = (SELECT baton.now())
FROM unnest($3::text[], $4::bytea[], $5::uuid[]) AS k(key, body_hash, job_id)
WHERE i.tenant_id = $1 AND i.route = $2 AND i.key = k.key
  AND i.created_at <= (SELECT baton.now()) - ${limits.idempotencyMs} * interval '1 ms'
RETURNING i.key`;

interface Scope {
  tenantId: string;
  route: string;
}

/**
 * Takes the keys that are not in use, each for its job; who meets another transaction that is taking one waits for it.
 * @param keys each once
 * @returns those taken
 */
export async function takeLineKeys(
  tx: Transaction,
  scope: Scope,
  keys: readonly LineKey[],
): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  return new Set(
    (await run<{ key: string }>(tx, 'take-line-keys', take, columns(scope, keys))).map(({ key }) => key),
  );
}

/** Takes keys over whose time is past. @returns those taken */
export async function renewLineKeys(
  tx: Transaction,
  scope: Scope,
  keys: readonly LineKey[],
): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  return new Set(
    (await run<{ key: string }>(tx, 'renew-line-keys', renew, columns(scope, keys))).map(({ key }) => key),
  );
}

/** Gives keys back whose jobs were not accepted after all. */
export async function dropLineKeys(
  tx: Transaction,
  { tenantId, route }: Scope,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return;
  const text = 'DELETE FROM baton.idempotency WHERE tenant_id = $1 AND route = $2 AND key = ANY ($3::text[])';
  await run(tx, 'drop-line-keys', text, [tenantId, route, keys]);
}

function columns({ tenantId, route }: Scope, keys: readonly LineKey[]): unknown[] {
  return [tenantId, route, keys.map((k) => k.key), keys.map((k) => k.bodyHash), keys.map((k) => k.jobId)];
}
