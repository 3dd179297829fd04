import { Database, readAttempts, retrying } from '@baton/persistence';
import { type Caller, idSchema, Principal, Scopes } from '@baton/service';
import { Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { jobSchema } from '../jobs/job-output.schema.js';
import { showJob } from '../jobs/show-job.js';
import { Replayer } from './replayer.js';

/** Runs a dead job again. */
@ApiTags('jobs')
@Controller('v1/jobs')
export class RetryController {
  constructor(
    @Inject(Replayer) private readonly replayer: Replayer,
    @Inject(Database) private readonly database: Database,
  ) {}

  @Post(':id/retry')
  @HttpCode(202)
  @Scopes('jobs:write')
  @ApiOperation({ summary: 'Replay a dead job: a new generation, with no failures' })
  @ApiAcceptedResponse({ standardSchema: jobSchema })
  async retry(
    @Param('id', { schema: idSchema }) id: string,
    @Principal() { tenantId }: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const job = await this.replayer.replay({ tenantId, id });
    const attempts = await retrying(() => readAttempts(this.database.pool, tenantId, id));
    void reply.header('content-type', 'application/json; charset=utf-8').send(showJob(job, attempts));
  }
}
