import { BatonError, type DeliveryState, limits } from '@baton/contracts';
import {
  Database,
  type DeliveryOwner,
  type EndpointRow,
  listDeliveries,
  readEndpoint,
  replayDeliveries,
  retrying,
} from '@baton/persistence';
import { type Caller, decodeCursor, idPlace, pageOf, Principal, Scopes } from '@baton/service';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { showDelivery } from './show-delivery.js';
import {
  deliveryListSchema,
  deliveryQuerySchema,
  endpointNameSchema,
  recoverSchema,
  replayedSchema,
  replaySchema,
} from './webhook.schema.js';
import { noEndpoint, refuseDisabled } from './webhooks.controller.js';

type DeliveryQuery = z.output<typeof deliveryQuerySchema>;
const name = { schema: endpointNameSchema };

/**
 * What was delivered to an endpoint, and what is to be. The name `default` stands besides for the URLs that the tenant's
 * jobs have named by themselves.
 */
@ApiTags('webhooks')
@Controller('v1/webhooks/:name')
@Scopes('webhooks:admin')
export class DeliveriesController {
  constructor(@Inject(Database) private readonly database: Database) {}

  @Get('deliveries')
  @ApiOperation({ summary: 'Deliveries of the last 7 days with their tries, the latest first' })
  @ApiOkResponse({ standardSchema: deliveryListSchema })
  async list(
    @Param('name', name) endpoint: string,
    @Query({ schema: deliveryQuerySchema }) query: DeliveryQuery,
    @Principal() caller: Caller,
  ) {
    return this.page(await this.ownersOf(caller, endpoint), query);
  }

  @Get('dead')
  @ApiOperation({ summary: 'The dead-letter set: what will not be tried again by itself' })
  @ApiOkResponse({ standardSchema: deliveryListSchema })
  async dead(
    @Param('name', name) endpoint: string,
    @Query({ schema: deliveryQuerySchema }) query: DeliveryQuery,
    @Principal() caller: Caller,
  ) {
    return this.page(await this.ownersOf(caller, endpoint), { ...query, state: 'dead' });
  }

  @Post('deliveries/:id/retry')
  @HttpCode(200)
  @ApiOperation({ summary: 'Deliver once more, now, whatever came of it, under the same webhook-id' })
  @ApiOkResponse({ standardSchema: replayedSchema })
  async retry(
    @Param('name', name) endpoint: string,
    @Param('id', { schema: z.uuid() }) id: string,
    @Principal() caller: Caller,
  ) {
    const states = ['pending', 'delivered', 'dead', 'cancelled'] as const;
    const count = await this.replay(caller, endpoint, { ids: [id], states });
    if (count === 0)
      throw new BatonError('not_found', `the endpoint "${endpoint}" has no delivery ${id} that can be tried`);
    return { count };
  }

  @Post('recover')
  @HttpCode(200)
  @ApiOperation({ summary: 'Deliver again what has died since a time, the oldest first' })
  @ApiOkResponse({ standardSchema: replayedSchema })
  async recover(
    @Param('name', name) endpoint: string,
    @Body({ schema: recoverSchema }) { since }: z.output<typeof recoverSchema>,
    @Principal() caller: Caller,
  ) {
    return { count: await this.replay(caller, endpoint, { sinceMs: since, states: ['dead'] }) };
  }

  @Post('dead/replay')
  @HttpCode(200)
  @ApiOperation({ summary: 'Deliver dead ones again, all or those named, so many a second' })
  @ApiOkResponse({ standardSchema: replayedSchema })
  async replayDead(
    @Param('name', name) endpoint: string,
    @Body({ schema: replaySchema }) { ids, ratePerSecond }: z.output<typeof replaySchema>,
    @Principal() caller: Caller,
  ) {
    const wanted = { ids, states: ['dead'] as const, apartMs: 1_000 / ratePerSecond };
    return { count: await this.replay(caller, endpoint, wanted) };
  }

  private async page(owners: DeliveryOwner[], { cursor, limit, state }: DeliveryQuery) {
    const beforeId = decodeCursor(cursor, idPlace);
    const wanted = { state, beforeId, limit: limit + 1 };
    const found = await Promise.all(
      owners.map((owner) => retrying(() => listDeliveries(this.database.pool, { ...owner, ...wanted }))),
    );
    const rows = found.flat().toSorted((a, b) => (a.id < b.id ? 1 : -1));
    return pageOf(rows.slice(0, limit + 1), limit, { show: showDelivery, cursor: (row) => row.id });
  }

  /** @throws BatonError `not_found`; `state_conflict` where the endpoint is disabled */
  private async replay(
    caller: Caller,
    endpoint: string,
    wanted: {
      ids?: string[] | undefined;
      states: readonly DeliveryState[];
      sinceMs?: number;
      apartMs?: number;
    },
  ): Promise<number> {
    const owners = await this.ownersOf(caller, endpoint, refuseDisabled);
    let count = 0;
    for (const owner of owners)
      count += await retrying(() =>
        replayDeliveries(this.database.pool, { apartMs: 10, limit: limits.batchJobs, ...owner, ...wanted }),
      );
    return count;
  }

  /** @param check looks at the endpoint, where there is one of the name @throws BatonError `not_found`; what `check` throws */
  private async ownersOf(
    { tenantId }: Caller,
    endpoint: string,
    check?: (row: EndpointRow) => void,
  ): Promise<DeliveryOwner[]> {
    const row = await retrying(() => readEndpoint(this.database.pool, { tenantId, name: endpoint }));
    const own = endpoint === 'default' ? [{ tenantId, endpointId: null }] : [];
    if (!row && own.length === 0) throw noEndpoint(endpoint);
    if (row) check?.(row);
    return [...(row ? [{ tenantId, endpointId: row.id }] : []), ...own];
  }
}
