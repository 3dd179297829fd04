import { BatonError, limits, pulledUrl } from '@baton/contracts';
import {
  Database,
  deleteEndpoint,
  enableEndpoint,
  type EndpointRow,
  listEndpointNames,
  listEndpoints,
  noteWord,
  putEndpoint,
  readEndpoint,
  retrying,
  rotateEndpoint,
} from '@baton/persistence';
import {
  type Caller,
  decodeCursor,
  invalidRequest,
  namePlace,
  pageOf,
  pageSchema,
  Principal,
  Scopes,
  type SecretBox,
} from '@baton/service';
import { type AddressGuard, refuseReceiverUrl } from '@baton/service/egress';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { makeKeys } from './endpoint-keys.js';
import {
  type EndpointInput,
  endpointInputSchema,
  endpointListSchema,
  endpointNameSchema,
  endpointSchema,
  endpointWithSecretSchema,
  showEndpoint,
  testedSchema,
} from './webhook.schema.js';

export const addressGuardToken = Symbol('which addresses webhooks may reach');
export const secretBoxToken = Symbol('what seals the secrets of webhooks');

/** A tenant's receivers of webhooks. */
@ApiTags('webhooks')
@Controller('v1/webhooks')
@Scopes('webhooks:admin')
export class WebhooksController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(addressGuardToken) private readonly guard: AddressGuard,
    @Inject(secretBoxToken) private readonly box: SecretBox,
  ) {}

  @Get()
  @ApiOperation({ summary: "The tenant's webhook endpoints, by name" })
  @ApiOkResponse({ standardSchema: endpointListSchema })
  async list(
    @Query({ schema: pageSchema }) { cursor, limit }: z.output<typeof pageSchema>,
    @Principal() { tenantId }: Caller,
  ) {
    const after = decodeCursor(cursor, namePlace);
    const rows = await retrying(() =>
      listEndpoints(this.database.pool, { tenantId, after, limit: limit + 1 }),
    );
    return pageOf(rows, limit, { show: (row) => showEndpoint(row), cursor: (row) => row.name });
  }

  @Get(':name')
  @ApiOperation({ summary: 'A webhook endpoint, and how it fares' })
  @ApiOkResponse({ standardSchema: endpointSchema })
  async read(@Param('name', { schema: endpointNameSchema }) name: string, @Principal() { tenantId }: Caller) {
    return this.shown(tenantId, name);
  }

  @Put(':name')
  @ApiOperation({
    summary:
      'Make a webhook endpoint, with its secret shown this once; or set it whole, with its secret kept',
  })
  @ApiOkResponse({ standardSchema: endpointSchema, description: 'It was there and is set' })
  @ApiCreatedResponse({ standardSchema: endpointWithSecretSchema, description: 'It is made' })
  async put(
    @Param('name', { schema: endpointNameSchema }) name: string,
    @Body({ schema: endpointInputSchema }) input: EndpointInput,
    @Principal() { tenantId }: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const refusal = input.url === pulledUrl ? undefined : refuseReceiverUrl(input.url, this.guard);
    if (refusal !== undefined) throw invalidRequest([{ path: 'url', message: refusal }]);
    const names = await retrying(() => listEndpointNames(this.database.pool, tenantId));
    if (!names.includes(name) && names.length >= limits.webhookEndpoints)
      throw new BatonError(
        'state_conflict',
        `there are ${names.length} endpoints; allowed: ${limits.webhookEndpoints} a tenant`,
      );
    const id = uuidv7();
    const { secret, ...keys } = makeKeys(this.box, id);
    const { url, events, headers, tiers, queues = null, schedule = null } = input;
    const settings = { url: new URL(url).href, events, headers, tiers, queues, schedule };
    const row = await retrying(() =>
      putEndpoint(this.database.pool, { ...settings, ...keys, id, tenantId, name }),
    );
    const made = row.id === id;
    const shown = showEndpoint(row);
    void reply.code(made ? 201 : 200).send(made ? { ...shown, secret } : shown);
  }

  @Delete(':name')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a webhook endpoint; what was to be delivered to it is dead' })
  @ApiNoContentResponse({ description: 'It is gone' })
  async remove(
    @Param('name', { schema: endpointNameSchema }) name: string,
    @Principal() { tenantId }: Caller,
  ): Promise<void> {
    if (!(await retrying(() => deleteEndpoint(this.database.pool, { tenantId, name }))))
      throw noEndpoint(name);
  }

  @Post(':name/test')
  @HttpCode(202)
  @ApiOperation({ summary: 'Send a `webhook.test` event, signed and tried like any other' })
  @ApiAcceptedResponse({ standardSchema: testedSchema })
  async test(@Param('name', { schema: endpointNameSchema }) name: string, @Principal() { tenantId }: Caller) {
    const endpoint = await this.require(tenantId, name);
    refuseDisabled(endpoint);
    const word = {
      id: uuidv7(),
      tenantId,
      endpointId: endpoint.id,
      type: 'webhook.test',
      data: { endpoint: name },
    };
    const [id] = await retrying(() => noteWord(this.database.pool, word));
    if (id === undefined) throw noEndpoint(name);
    return { id, webhookId: `msg_${word.id.replaceAll('-', '')}_${endpoint.id.replaceAll('-', '')}` };
  }

  @Post(':name/rotate-secret')
  @HttpCode(200)
  @ApiOperation({ summary: 'A new secret, shown this once; for 24 hours the one before signs too' })
  @ApiOkResponse({ standardSchema: endpointWithSecretSchema })
  async rotate(
    @Param('name', { schema: endpointNameSchema }) name: string,
    @Principal() { tenantId }: Caller,
  ) {
    const { id } = await this.require(tenantId, name);
    const { secret, ...keys } = makeKeys(this.box, id);
    await retrying(() => rotateEndpoint(this.database.pool, { tenantId, name, ...keys }));
    return { ...(await this.shown(tenantId, name)), secret };
  }

  @Post(':name/enable')
  @HttpCode(200)
  @ApiOperation({
    summary:
      'Enable an endpoint that was disabled, and end its pause; replay what died meanwhile by dead/replay',
  })
  @ApiOkResponse({ standardSchema: endpointSchema })
  async enable(
    @Param('name', { schema: endpointNameSchema }) name: string,
    @Principal() { tenantId }: Caller,
  ) {
    await retrying(() => enableEndpoint(this.database.pool, { tenantId, name }));
    return this.shown(tenantId, name);
  }

  private async shown(tenantId: string, name: string) {
    return showEndpoint(await this.require(tenantId, name));
  }

  private async require(tenantId: string, name: string) {
    const row = await retrying(() => readEndpoint(this.database.pool, { tenantId, name }));
    if (!row) throw noEndpoint(name);
    return row;
  }
}

/** @throws BatonError `state_conflict` where nothing may be sent to the endpoint */
export function refuseDisabled({ name, disabledAtMs, disabledReason }: EndpointRow): void {
  if (disabledAtMs === null) return;
  throw new BatonError(
    'state_conflict',
    `the endpoint "${name}" is disabled: ${disabledReason}; enable it first`,
  );
}

export function noEndpoint(name: string): BatonError {
  return new BatonError('not_found', `there is no webhook endpoint "${name}"`);
}
