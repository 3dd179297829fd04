import type { Transaction } from '../transaction/transaction.js';
import type { IdempotencyRow } from './read-idempotency.sql.js';
import { run } from './statement.js';

// A row that is there already is past its time: the key was locked, and read as unused.
const text = `
INSERT INTO baton.idempotency (tenant_id, route, key, body_hash, job_ids, created_at)
SELECT tenant_id, route, key, body_hash, job_ids::uuid[], (SELECT baton.now())
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[]) AS k(tenant_id, route, key, body_hash, job_ids)
ON CONFLICT (tenant_id, route, key) DO UPDATE
SET body_hash = excluded.body_hash, job_ids = excluded.job_ids, created_at = excluded.created_at`;

/** Remembers what requests made, so that their repetition is answered and makes nothing. */
export async function keepIdempotency(tx: Transaction, rows: readonly IdempotencyRow[]): Promise<void> {
  await run(tx, 'keep-idempotency', text, [
    rows.map((r) => r.tenantId),
    rows.map((r) => r.route),
    rows.map((r) => r.key),
    rows.map((r) => r.bodyHash),
    // Arrays of different lengths make no array of arrays, so each travels as its text.
    rows.map((r) => `{${r.jobIds.join(',')}}`),
  ]);
}
