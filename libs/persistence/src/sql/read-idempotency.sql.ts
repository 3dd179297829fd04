import { limits } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

export interface ScopedKey {
  tenantId: string;
  route: string;
  key: string;
}

/** What the first request with a key said and made. */
export interface IdempotencyRow extends ScopedKey {
  bodyHash: Buffer;
  jobIds: string[];
}

const text = `
SELECT i.tenant_id AS "tenantId", i.route, i.key, i.body_hash AS "bodyHash", i.job_ids AS "jobIds"
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS k(tenant_id, route, key)
JOIN baton.idempotency i ON i.tenant_id = k.tenant_id AND i.route = k.route AND i.key = k.key
WHERE i.created_at > (SELECT baton.now()) - ${limits.idempotencyMs} * interval '1 ms'`;

/** The rows of those keys that were used and are still kept. */
export async function readIdempotency(db: Queryable, keys: readonly ScopedKey[]): Promise<IdempotencyRow[]> {
  return run<IdempotencyRow>(db, 'read-idempotency', text, [
    keys.map((k) => k.tenantId),
    keys.map((k) => k.route),
    keys.map((k) => k.key),
  ]);
}
