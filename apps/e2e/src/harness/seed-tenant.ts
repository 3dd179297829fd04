import { randomUUID } from 'node:crypto';
import { scopes } from '@baton/contracts';
import { ApiKeyEntity, type Database, TenantEntity } from '@baton/persistence';

/** A tenant with one key that has every scope. @returns the tenant's id */
export async function seedTenant(
  database: Database,
  { hash, prefix }: { hash: Buffer; prefix: string },
): Promise<string> {
  const id = randomUUID();
  await database.orm.getRepository(TenantEntity).insert({ id, name: `tenant-${id.slice(0, 8)}` });
  await database.orm.getRepository(ApiKeyEntity).insert({
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
