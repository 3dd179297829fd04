import { Database, listDead, readAttempts, retrying } from '@baton/persistence';
import { type Caller, decodeCursor, idPlace, nameSchema, pageOf, Principal, Scopes } from '@baton/service';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { jobListSchema } from '../jobs/job-output.schema.js';
import { payloadOfJob } from '../jobs/payload-text.js';
import { rawBodyOf } from '../jobs/raw-json-body.js';
import { showJob, showListedJob } from '../jobs/show-job.js';
import { operationSchema, showOperation } from '../operations/operation.schema.js';
import { Operations } from '../operations/operations.js';
import { KnownQueues } from '../queues/known-queues.js';
import { UploadSealer } from '../uploads/upload-sealer.js';
import { listDeadSchema, purgeDeadSchema, replayDeadSchema } from './dead-letters.schema.js';
import { Replayer } from './replayer.js';

/** A queue's dead letters: the jobs of the caller's tenant that have failed for good. */
@ApiTags('dead letters')
@Controller('v1/queues/:name/dead')
export class DeadLettersController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(KnownQueues) private readonly queues: KnownQueues,
    @Inject(Operations) private readonly operations: Operations,
    @Inject(Replayer) private readonly replayer: Replayer,
    @Inject(UploadSealer) private readonly uploads: UploadSealer,
  ) {}

  @Get()
  @Scopes('jobs:read')
  @ApiOperation({ summary: 'Dead jobs, the last accepted first, without their payloads and attempts' })
  @ApiOkResponse({ standardSchema: jobListSchema })
  async list(
    @Param('name', { schema: nameSchema }) queue: string,
    @Query({ schema: listDeadSchema }) query: z.output<typeof listDeadSchema>,
    @Principal() { tenantId }: Caller,
  ) {
    await this.queues.require([queue]);
    const { cursor, limit, code, after, before } = query;
    const beforeId = decodeCursor(cursor, idPlace);
    const [afterMs, beforeMs] = [msOf(after), msOf(before)];
    const rows = await retrying(() =>
      listDead(this.database.pool, {
        tenantId,
        queue,
        code,
        afterMs,
        beforeMs,
        beforeId,
        limit: limit + 1,
      }),
    );
    return pageOf(rows, limit, { show: showListedJob, cursor: (job) => job.id });
  }

  @Post('replay')
  @HttpCode(202)
  @Scopes('jobs:write')
  @ApiOperation({ summary: 'Replay dead jobs, in slices at a rate; with a payload, one job at once' })
  @ApiAcceptedResponse({
    standardSchema: operationSchema,
    description: 'It is worked off; read its progress. With a payload: the job',
  })
  async replay(
    @Param('name', { schema: nameSchema }) queue: string,
    @Body({ schema: replayDeadSchema }) body: z.output<typeof replayDeadSchema>,
    @Principal() { tenantId }: Caller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.queues.require([queue]);
    const [id] = body.ids ?? [];
    if (body.payload !== undefined && id !== undefined) {
      const given = payloadOfJob(rawBodyOf(request).text);
      const sealed = await this.uploads.seal({ tenantId, queue, payload: given, path: 'payload' });
      const job = await this.replayer.replay({ tenantId, id, queue, payload: given, sealed });
      const attempts = await retrying(() => readAttempts(this.database.pool, tenantId, id));
      void reply
        .header('location', `/v1/jobs/${id}`)
        .header('content-type', 'application/json; charset=utf-8')
        .send(showJob(job, attempts));
      return;
    }
    const filter = { queue, ids: body.ids, ...body.filter };
    const { ratePerSecond } = body;
    const operation = await this.operations.begin({ tenantId, kind: 'replay', filter, ratePerSecond });
    void reply.header('location', `/v1/operations/${operation.id}`).send(showOperation(operation));
  }

  @Delete()
  @HttpCode(202)
  @Scopes('jobs:write')
  @ApiOperation({ summary: 'Delete dead jobs for good, with their payloads and attempts, in slices' })
  @ApiAcceptedResponse({
    standardSchema: operationSchema,
    description: 'It is worked off; read its progress',
  })
  async purge(
    @Param('name', { schema: nameSchema }) queue: string,
    @Body({ schema: purgeDeadSchema }) { ids, filter }: z.output<typeof purgeDeadSchema>,
    @Principal() { tenantId }: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.queues.require([queue]);
    const operation = await this.operations.begin({
      tenantId,
      kind: 'purge',
      filter: { queue, ids, ...filter },
    });
    void reply.header('location', `/v1/operations/${operation.id}`);
    return showOperation(operation);
  }
}

function msOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}
