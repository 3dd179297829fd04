import { Database, Notifier, readAttempts, rescheduleJob, retrying, wakeFor } from '@baton/persistence';
import { type Caller, idSchema, Principal, Scopes } from '@baton/service';
import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { jobInputSchema } from './job-input.schema.js';
import { jobSchema } from './job-output.schema.js';
import { showJob } from './show-job.js';

const { runAt, delay } = jobInputSchema.shape;
const rescheduleSchema = z
  .strictObject({ runAt, delay })
  .refine((time) => (time.runAt === undefined) !== (time.delay === undefined), {
    path: ['runAt'],
    error: 'exactly one of runAt and delay must be given',
  })
  .meta({ id: 'Reschedule' });

/** Another time for a job that has not been released. */
@ApiTags('jobs')
@Controller('v1/jobs')
export class RescheduleController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Notifier) private readonly notifier: Notifier,
  ) {}

  @Post(':id/reschedule')
  @HttpCode(200)
  @Scopes('jobs:write')
  @ApiOperation({
    summary:
      'Give a scheduled or held job another time, earlier or later; a held one gives up its place in its lane',
  })
  @ApiOkResponse({ standardSchema: jobSchema })
  async reschedule(
    @Param('id', { schema: idSchema }) jobId: string,
    @Body({ schema: rescheduleSchema }) time: z.output<typeof rescheduleSchema>,
    @Principal() { tenantId }: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { pool } = this.database;
    const wanted = { tenantId, jobId, runAtMs: time.runAt, delayMs: time.delay };
    const { job, released, openGates } = await rescheduleJob(pool, wanted);
    const earliestMs = job.runAtMs ?? undefined;
    wakeFor(
      { inserted: [], released, openGates, earliestMs, followUps: [] },
      this.notifier.wake.bind(this.notifier),
    );
    const attempts = await retrying(() => readAttempts(pool, tenantId, jobId));
    void reply.header('content-type', 'application/json; charset=utf-8').send(showJob(job, attempts));
  }
}
