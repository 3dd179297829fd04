import type { Scope } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

export interface ApiKeyRow {
  keyId: string;
  tenantId: string;
  tenantName: string;
  scopes: Scope[];
  disabled: boolean;
}

const text = `
SELECT k.id AS "keyId", k.tenant_id AS "tenantId", t.name AS "tenantName", k.scopes, k.disabled_at IS NOT NULL AS disabled
FROM baton.api_key k JOIN baton.tenant t ON t.id = k.tenant_id WHERE k.hash = $1`;

/** Finds an API key by the SHA-256 of its text. */
export async function findApiKey(db: Queryable, hash: Buffer): Promise<ApiKeyRow | undefined> {
  const [row] = await run<ApiKeyRow>(db, 'find-api-key', text, [hash]);
  return row;
}
