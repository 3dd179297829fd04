import { BatonError } from '@baton/contracts';
import { Database, insertTenant, listTenants, retrying, type TenantRow } from '@baton/persistence';
import { decodeCursor, namePlace, nameSchema, pageOf, pageSchema, Scopes } from '@baton/service';
import { Body, Controller, Get, Inject, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';

const newTenantSchema = z.strictObject({ name: nameSchema }).meta({ id: 'NewTenant' });
const tenantSchema = z
  .object({ id: z.uuid(), name: nameSchema, createdAt: z.iso.datetime() })
  .meta({ id: 'Tenant' });
const tenantListSchema = z
  .object({ items: z.array(tenantSchema), nextCursor: z.string().optional() })
  .meta({ id: 'TenantList' });

/** The deployment's tenants. A new one's first key is made by `POST /v1/keys` with its name. */
@ApiTags('tenants')
@Scopes('tenants:admin')
@Controller('v1/tenants')
export class TenantsController {
  constructor(@Inject(Database) private readonly database: Database) {}

  @Get()
  @ApiOperation({ summary: 'Tenants, by name' })
  @ApiOkResponse({ standardSchema: tenantListSchema })
  async list(@Query({ schema: pageSchema }) { cursor, limit }: z.output<typeof pageSchema>) {
    const after = decodeCursor(cursor, namePlace);
    const rows = await retrying(() => listTenants(this.database.pool, { after, limit: limit + 1 }));
    return pageOf(rows, limit, { show: showTenant, cursor: (tenant) => tenant.name });
  }

  @Post()
  @ApiOperation({ summary: 'Make a tenant' })
  @ApiCreatedResponse({ standardSchema: tenantSchema })
  async create(@Body({ schema: newTenantSchema }) { name }: z.output<typeof newTenantSchema>) {
    const tenant = await retrying(() => insertTenant(this.database.pool, name));
    if (!tenant) throw new BatonError('state_conflict', `there is a tenant named "${name}" already`);
    return showTenant(tenant);
  }
}

function showTenant({ id, name, createdAtMs }: TenantRow): z.output<typeof tenantSchema> {
  return { id, name, createdAt: new Date(createdAtMs).toISOString() };
}
