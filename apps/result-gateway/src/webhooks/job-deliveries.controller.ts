import { BatonError } from '@baton/contracts';
import { acknowledge, Database, listJobDeliveries, readPlan, retrying } from '@baton/persistence';
import { BatchedReader, tenantOf } from '@baton/results';
import { type Caller, idSchema, JobTokenAllowed, Principal, Scopes } from '@baton/service';
import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { showDelivery, showPlan } from './show-delivery.js';
import { acknowledgedSchema, ackSchema, jobDeliveriesSchema } from './webhook.schema.js';

const id = { schema: idSchema };

/** How one job's end is made known: by its delivery plan, and by webhooks. */
@ApiTags('results')
@Controller('v1/results/:jobId')
@Scopes('jobs:read')
export class JobDeliveriesController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(BatchedReader) private readonly reader: BatchedReader,
  ) {}

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
    const acknowledged = await retrying(() => acknowledge(this.database.pool, ack));
    if (!acknowledged) await this.refuseUnknown(jobId, tenantId);
    return { acknowledged };
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
    // What was delivered may be kept for longer than its job.
    if (!plan && rows.length === 0) await this.refuseUnknown(jobId, tenantId);
    return { ...(plan && { plan: showPlan(plan) }), items: rows.map(showDelivery) };
  }

  /** @throws BatonError `not_found` */
  private async refuseUnknown(jobId: string, tenantId: string): Promise<void> {
    const standing = await this.reader.read(jobId);
    if (!standing || tenantOf(standing) !== tenantId)
      throw new BatonError('not_found', `there is no job ${jobId}`);
  }
}
