import { type ApiKeyRow, findApiKey } from '../sql/find-api-key.sql.js';
import type { Queryable } from '../sql/statement.js';
import { ensureTenant } from '../sql/tenants.sql.js';

/** The tenant of every caller where `AUTH=off`. */
const defaultTenant = 'default';

/** What a service's authentication asks of PostgreSQL; the same for each service with an API. */
export interface KeyStore {
  lookup: { findByHash(hash: Buffer): Promise<ApiKeyRow | undefined> };
  /** The tenant of every caller where `AUTH=off`, made where it is missing. */
  defaultTenant(): Promise<{ tenantId: string; tenantName: string }>;
}

export function keyStore(db: Queryable): KeyStore {
  return {
    lookup: { findByHash: (hash) => findApiKey(db, hash) },
    defaultTenant: async () => {
      const { id, name } = await ensureTenant(db, defaultTenant);
      return { tenantId: id, tenantName: name };
    },
  };
}
