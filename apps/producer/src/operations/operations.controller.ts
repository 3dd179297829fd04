import { Database, listOperations, retrying } from '@baton/persistence';
import {
  type Caller,
  decodeCursor,
  idPlace,
  idSchema,
  pageOf,
  pageSchema,
  Principal,
  Scopes,
} from '@baton/service';
import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { operationListSchema, operationSchema, showOperation } from './operation.schema.js';
import { Operations } from './operations.js';

/** Operations on many jobs of the caller's tenant, with their progress. */
@ApiTags('operations')
@Controller('v1/operations')
export class OperationsController {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(Database) private readonly database: Database,
  ) {}

  @Get()
  @Scopes('jobs:read')
  @ApiOperation({ summary: 'Operations, the newest first; kept for 30 days after their end' })
  @ApiOkResponse({ standardSchema: operationListSchema })
  async list(
    @Query({ schema: pageSchema }) { cursor, limit }: z.output<typeof pageSchema>,
    @Principal() { tenantId }: Caller,
  ) {
    const beforeId = decodeCursor(cursor, idPlace);
    const rows = await retrying(() =>
      listOperations(this.database.pool, { tenantId, beforeId, limit: limit + 1 }),
    );
    return pageOf(rows, limit, { show: showOperation, cursor: (operation) => operation.id });
  }

  @Get(':id')
  @Scopes('jobs:read')
  @ApiOperation({ summary: 'An operation with its progress' })
  @ApiOkResponse({ standardSchema: operationSchema })
  async read(@Param('id', { schema: idSchema }) id: string, @Principal() { tenantId }: Caller) {
    return showOperation(await this.operations.read(tenantId, id));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Scopes('jobs:write')
  @ApiOperation({ summary: 'Stop an operation; what it has done stays done' })
  @ApiOkResponse({ standardSchema: operationSchema })
  async cancel(@Param('id', { schema: idSchema }) id: string, @Principal() { tenantId }: Caller) {
    return showOperation(await this.operations.cancel(tenantId, id));
  }
}
