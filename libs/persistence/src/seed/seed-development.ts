import { createHash, randomBytes } from 'node:crypto';
import { type Scope, scopes } from '@baton/contracts';
import { uuidv7 } from 'uuidv7';
import type { Database } from '../database/database.js';
import { insertApiKey } from '../sql/api-keys.sql.js';
import { ensureTenant } from '../sql/tenants.sql.js';

export interface SeedOptions {
  /** A key that is given is kept as it is, so that it stays the same over restarts. */
  tenants: readonly { name: string; apiKey?: string | undefined }[];
}

export interface SeededKeys {
  tenants: { name: string; tenantId: string; apiKey: string }[];
}

/**
 * Tenants with a key each, for a stack on a developer's machine. The first one's key has every scope; the others
 * may do everything but administer tenants. Called again with the same keys it changes nothing.
 */
export async function seedDevelopment(database: Database, { tenants }: SeedOptions): Promise<SeededKeys> {
  const seeded: SeededKeys['tenants'] = [];
  for (const [i, { name, apiKey = `bk_${randomBytes(32).toString('base64url')}` }] of tenants.entries()) {
    const { id: tenantId } = await ensureTenant(database.pool, name);
    await insertApiKey(database.pool, {
      id: uuidv7(),
      tenantId,
      name: 'development',
      prefix: apiKey.slice(0, 9),
      hash: createHash('sha256').update(apiKey).digest(),
      scopes: i === 0 ? scopes : scopes.filter((scope: Scope) => scope !== 'tenants:admin'),
    });
    seeded.push({ name, tenantId, apiKey });
  }
  return { tenants: seeded };
}
