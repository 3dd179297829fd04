import { randomUUID } from 'node:crypto';
import { scopes } from '@baton/contracts';
import type { Database } from '@baton/persistence';
import { ApiKeyEntity, TenantEntity } from '@baton/persistence/entities';

/** A tenant with one key that has every scope. @returns the tenant's id */
export async function seedTenant(
  database: Database,
  { hash, prefix }: { hash: Buffer; prefix: string },
): Promise<string> {
  const id = randomUUID();
  const orm = await database.orm();
  await orm.getRepository(TenantEntity).insert({ id, name: `tenant-${id.slice(0, 8)}` });
  await orm.getRepository(ApiKeyEntity).insert({
    id: randomUUID(),
    tenantId: id,
    name: 'e2e',
    prefix,
    hash,
    scopes: [...scopes],
    disabledAt: null,
  });
  return id;
}
