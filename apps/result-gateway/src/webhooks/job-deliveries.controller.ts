import { acknowledge, Database, listJobDeliveries, readPlan, retrying } from '@baton/persistence';
import { type Caller, JobTokenAllowed, Principal, Scopes } from '@baton/service';
import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { showDelivery, showPlan } from './show-delivery.js';
import { acknowledgedSchema, ackSchema, jobDeliveriesSchema } from './webhook.schema.js';

const id = { schema: z.uuid() };

/** How one job's end is made known: by its delivery plan, and by webhooks. */
@ApiTags('results')
@Controller('v1/results/:jobId')
@Scopes('jobs:read')
export class JobDeliveriesController {
  constructor(@Inject(Database) private readonly database: Database) {}

  @Post('ack')
  @HttpCode(200)
  @JobTokenAllowed({ param: 'jobId' })
  @ApiOperation({
    summary: 'Say that the job’s end has come to you: what is left of its delivery plan is cancelled',
  })
  @ApiOkResponse({ standardSchema: acknowledgedSchema })
  async ack(
    @Param('jobId', id) jobId: string,
    @Body({ schema: ackSchema }) { cursor }: z.output<typeof ackSchema>,
    @Principal() { tenantId }: Caller,
  ) {
    const ack = { jobId, tenantId, cursor, how: 'POST /v1/results/:jobId/ack' };
    return { acknowledged: await retrying(() => acknowledge(this.database.pool, ack)) };
  }

  @Get('deliveries')
  @ApiOperation({
    summary: 'The webhooks of the job’s events, with their tries, and its delivery plan once it has ended',
  })
  @ApiOkResponse({ standardSchema: jobDeliveriesSchema })
  async deliveries(@Param('jobId', id) jobId: string, @Principal() { tenantId }: Caller) {
    const { pool } = this.database;
    const plan = await retrying(() => readPlan(pool, { jobId, tenantId }));
    const rows = await retrying(() => listJobDeliveries(pool, { jobId, tenantId }));
    return { ...(plan && { plan: showPlan(plan) }), items: rows.map(showDelivery) };
  }
}
