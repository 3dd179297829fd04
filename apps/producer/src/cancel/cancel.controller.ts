import { Database, readAttempts, retrying } from '@baton/persistence';
import { type Caller, idSchema, Principal, Scopes } from '@baton/service';
import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { jobSchema } from '../jobs/job-output.schema.js';
import { showJob } from '../jobs/show-job.js';
import { operationSchema, showOperation } from '../operations/operation.schema.js';
import { Operations } from '../operations/operations.js';
import { cancelManySchema, cancelSchema } from './cancel.schema.js';
import { JobCanceller } from './job-canceller.js';

/** Cancels jobs of the caller's tenant: one, or all that meet a filter. */
@ApiTags('jobs')
@Controller('v1/jobs')
export class CancelController {
  constructor(
    @Inject(JobCanceller) private readonly canceller: JobCanceller,
    @Inject(Operations) private readonly operations: Operations,
    @Inject(Database) private readonly database: Database,
  ) {}

  @Post('cancel')
  @HttpCode(202)
  @Scopes('jobs:write')
  @ApiOperation({ summary: 'Cancel all live jobs that meet a filter, in slices' })
  @ApiAcceptedResponse({
    standardSchema: operationSchema,
    description: 'It is worked off; read its progress',
  })
  async cancelMany(
    @Body({ schema: cancelManySchema })
    { filter, reason, ratePerSecond }: z.output<typeof cancelManySchema>,
    @Principal() { tenantId }: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const operation = await this.operations.begin({
      tenantId,
      kind: 'cancel',
      filter,
      reason,
      ratePerSecond,
    });
    void reply.header('location', `/v1/operations/${operation.id}`);
    return showOperation(operation);
  }

  @Post(':id/cancel')
  @Scopes('jobs:write')
  @ApiOperation({ summary: 'Cancel a job: at once where no worker can have it, else by telling its worker' })
  @ApiOkResponse({ standardSchema: jobSchema, description: 'It is cancelled' })
  @ApiAcceptedResponse({
    standardSchema: jobSchema,
    description: 'Its worker is told, and its handler has a grace to let go',
  })
  async cancel(
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: cancelSchema }) body: z.output<typeof cancelSchema>,
    @Principal() { tenantId }: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const job = await this.canceller.cancel(tenantId, id, body?.reason);
    const attempts = await retrying(() => readAttempts(this.database.pool, tenantId, id));
    void reply
      .code(job.state === 'cancelled' ? 200 : 202)
      .header('content-type', 'application/json; charset=utf-8')
      .send(showJob(job, attempts));
  }
}
