import type { Scope } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

export interface NewApiKey {
  id: string;
  tenantId: string;
  name: string;
  /** Its first characters, to tell keys apart in a list. */
  prefix: string;
  /** SHA-256; the key itself is not kept. */
  hash: Buffer;
  scopes: readonly Scope[];
}

export interface ListedApiKey {
  id: string;
  tenantId: string;
  name: string;
  prefix: string;
  scopes: Scope[];
  createdAtMs: number;
  disabledAtMs: number | null;
}

const columns = `id, tenant_id AS "tenantId", name, prefix, scopes,
  floor(extract(epoch FROM created_at) * 1000)::bigint AS "createdAtMs",
  floor(extract(epoch FROM disabled_at) * 1000)::bigint AS "disabledAtMs"`;

const insert = `
INSERT INTO baton.api_key (id, tenant_id, name, prefix, hash, scopes) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (hash) DO NOTHING RETURNING ${columns}`;
const read = `SELECT ${columns} FROM baton.api_key WHERE id = $1`;
const page = `SELECT ${columns} FROM baton.api_key WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3`;
const disable = `UPDATE baton.api_key SET disabled_at = coalesce(disabled_at, (SELECT baton.now())) WHERE id = $1`;

/** @returns undefined when the very key is there already */
export async function insertApiKey(db: Queryable, key: NewApiKey): Promise<ListedApiKey | undefined> {
  const values = [key.id, key.tenantId, key.name, key.prefix, key.hash, key.scopes];
  const [row] = await run<ListedApiKey>(db, 'insert-api-key', insert, values);
  return row;
}

export async function readApiKey(db: Queryable, id: string): Promise<ListedApiKey | undefined> {
  const [row] = await run<ListedApiKey>(db, 'read-api-key', read, [id]);
  return row;
}

/** A tenant's keys in the order of their making, those after `after`. */
export async function listApiKeys(
  db: Queryable,
  { tenantId, after, limit }: { tenantId: string; after?: string | undefined; limit: number },
): Promise<ListedApiKey[]> {
  return run<ListedApiKey>(db, 'list-api-keys', page, [
    tenantId,
    after ?? '00000000-0000-0000-0000-000000000000',
    limit,
  ]);
}

/** From now on the key is refused, within seconds by processes that remember it. */
export async function disableApiKey(db: Queryable, id: string): Promise<void> {
  await run(db, 'disable-api-key', disable, [id]);
}
