import { BatonError, type Scope } from '@baton/contracts';
import {
  Database,
  disableApiKey,
  findTenant,
  insertApiKey,
  listApiKeys,
  readApiKey,
  retrying,
} from '@baton/persistence';
import { type Caller, decodeCursor, idPlace, idSchema, newApiKey, pageOf, Principal } from '@baton/service';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { keyListSchema, keyQuerySchema, madeKeySchema, newKeySchema, showKey } from './key.schema.js';

/**
 * API keys. Whoever has a key may make others of its tenant, and disable them, but only with scopes that it holds
 * itself; another tenant's need `tenants:admin`.
 */
@ApiTags('keys')
@Controller('v1/keys')
export class KeysController {
  constructor(@Inject(Database) private readonly database: Database) {}

  @Get()
  @ApiOperation({ summary: "A tenant's API keys, disabled ones too, without their secrets" })
  @ApiOkResponse({ standardSchema: keyListSchema })
  async list(
    @Query({ schema: keyQuerySchema }) query: z.output<typeof keyQuerySchema>,
    @Principal() caller: Caller,
  ) {
    const { cursor, limit, tenant } = query;
    const after = decodeCursor(cursor, idPlace);
    const tenantId = await this.tenantFor(caller, tenant);
    const rows = await retrying(() => listApiKeys(this.database.pool, { tenantId, after, limit: limit + 1 }));
    return pageOf(rows, limit, { show: showKey, cursor: (key) => key.id });
  }

  @Post()
  @ApiOperation({ summary: 'Make an API key; it is shown this once' })
  @ApiCreatedResponse({ standardSchema: madeKeySchema })
  async create(
    @Body({ schema: newKeySchema }) wanted: z.output<typeof newKeySchema>,
    @Principal() caller: Caller,
  ) {
    requireScopes(caller, wanted.scopes, 'grant');
    const tenantId = await this.tenantFor(caller, wanted.tenant);
    const { key, hash, prefix } = newApiKey();
    const made = { id: uuidv7(), tenantId, name: wanted.name, scopes: wanted.scopes, prefix, hash };
    // Made already, when the answer to the first try was lost.
    const row = await retrying(
      async () =>
        (await insertApiKey(this.database.pool, made)) ?? (await readApiKey(this.database.pool, made.id)),
    );
    if (!row) throw new TypeError('a key was made and is not there');
    return { ...showKey(row), key };
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Disable an API key; services that remember it refuse it within 10 seconds' })
  @ApiNoContentResponse({ description: 'It is disabled' })
  async disable(@Param('id', { schema: idSchema }) id: string, @Principal() caller: Caller): Promise<void> {
    const key = await retrying(() => readApiKey(this.database.pool, id));
    if (!key || (key.tenantId !== caller.tenantId && !caller.scopes.includes('tenants:admin'))) {
      throw new BatonError('not_found', `there is no API key ${id}`);
    }
    requireScopes(caller, key.scopes, 'disable a key with');
    await retrying(() => disableApiKey(this.database.pool, id));
  }

  /** The caller's own tenant, or the one it names. */
  private async tenantFor(caller: Caller, name: string | undefined): Promise<string> {
    if (name === undefined || (caller.kind === 'key' && caller.tenantName === name)) return caller.tenantId;
    if (!caller.scopes.includes('tenants:admin')) {
      throw new BatonError('scope_missing', "another tenant's keys need the scope tenants:admin");
    }
    const tenant = await retrying(() => findTenant(this.database.pool, name));
    if (!tenant) throw new BatonError('not_found', `there is no tenant "${name}"`);
    return tenant.id;
  }
}

function requireScopes(caller: Caller, scopes: readonly Scope[], verb: string): void {
  const missing = scopes.filter((scope) => !caller.scopes.includes(scope));
  if (missing.length === 0) return;
  const held = caller.scopes.join(', ') || 'none';
  throw new BatonError(
    'scope_missing',
    `this key cannot ${verb} ${missing.join(', ')}; its scopes are ${held}`,
  );
}
