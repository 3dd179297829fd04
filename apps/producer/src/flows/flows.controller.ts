import { BatonError, isTerminal } from '@baton/contracts';
import { Database, readFlow, readJobs, retrying } from '@baton/persistence';
import { type Caller, idSchema, Principal, Scopes } from '@baton/service';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { idempotencyKey } from '../jobs/idempotency-key.js';
import { showListedJob } from '../jobs/show-job.js';
import { flowInputSchema } from './flow-input.schema.js';
import { acceptedFlowSchema, flowSchema, type Flow } from './flow-output.schema.js';
import { PostFlow } from './post-flow.js';

/** Graphs of jobs of the caller's tenant. */
@ApiTags('flows')
@Controller('v1/flows')
export class FlowsController {
  constructor(
    @Inject(PostFlow) private readonly posts: PostFlow,
    @Inject(Database) private readonly database: Database,
  ) {}

  @Post()
  @HttpCode(202)
  @Scopes('jobs:write')
  @ApiOperation({ summary: 'Accept a graph of up to 10,000 jobs, all or none' })
  @ApiHeader(idempotencyKey)
  @ApiAcceptedResponse({ standardSchema: acceptedFlowSchema, description: 'Committed' })
  async accept(
    @Body({ schema: flowInputSchema }) { jobs }: z.output<typeof flowInputSchema>,
    @Principal() caller: Caller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.posts.post(jobs, { caller, request, reply });
  }

  @Get(':id')
  @Scopes('jobs:read')
  @ApiOperation({ summary: 'A flow with its jobs, without their payloads and attempts' })
  @ApiOkResponse({ standardSchema: flowSchema })
  async read(
    @Param('id', { schema: idSchema }) id: string,
    @Principal() { tenantId }: Caller,
  ): Promise<Flow> {
    const { pool } = this.database;
    const flow = await retrying(() => readFlow(pool, tenantId, id));
    if (!flow) throw new BatonError('not_found', `there is no flow ${id}`);
    const rows = new Map(
      (await retrying(() => readJobs(pool, tenantId, flow.jobIds))).map((row) => [row.id, row]),
    );
    // Those past their retention are left out: they have ended.
    const shown = flow.names.flatMap((name, i) => {
      const row = rows.get(flow.jobIds[i]!);
      return row ? [[name, showListedJob(row)] as const] : [];
    });
    return {
      id,
      createdAt: new Date(flow.createdAtMs).toISOString(),
      finished: shown.every(([, { state }]) => isTerminal(state)),
      jobs: Object.fromEntries(shown),
    };
  }
}
