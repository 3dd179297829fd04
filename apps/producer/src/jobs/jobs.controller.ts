import { BatonError, isTerminal, jobStates } from '@baton/contracts';
import {
  countDependants,
  Database,
  listJobs,
  readAttempts,
  readHold,
  type ReadJob,
  readJobs,
  retrying,
} from '@baton/persistence';
import { adviceHeader, PollGuard, resultSchema, RetryLearner } from '@baton/results';
import {
  type Caller,
  decodeCursor,
  holderOf,
  idPlace,
  idSchema,
  JobTokenAllowed,
  type JobTokenKey,
  jobTokenSeconds,
  matchesEtag,
  nameSchema,
  pageFields,
  pageOf,
  Principal,
  Scopes,
  signJobToken,
  storableText,
} from '@baton/service';
import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiHeader,
  ApiNotModifiedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { idempotencyKey } from './idempotency-key.js';
import { batchInputSchema, jobInputSchema, type JobInput } from './job-input.schema.js';
import {
  acceptedBatchSchema,
  acceptedJobSchema,
  jobTokenSchema,
  jobListSchema,
  jobSchema,
} from './job-output.schema.js';
import { jobTokenKey, PostJobs } from './post-jobs.js';
import { showHold } from './show-hold.js';
import { cursorOf, showJob, showListedJob } from './show-job.js';

const listSchema = z.strictObject({
  ...pageFields,
  queue: nameSchema.optional(),
  state: z.enum(jobStates).optional(),
  orderingKey: storableText({ maxBytes: 255 }).optional(),
  createdAfter: z.iso
    .datetime({
      offset: true,
      error: 'must be an ISO 8601 time with its zone, such as "2027-01-31T12:00:00Z"',
    })
    .optional(),
});

/** The jobs of the caller's tenant; another tenant's are not there. */
@ApiTags('jobs')
@Controller('v1/jobs')
export class JobsController {
  constructor(
    @Inject(PostJobs) private readonly posts: PostJobs,
    @Inject(Database) private readonly database: Database,
    @Inject(RetryLearner) private readonly learner: RetryLearner,
    @Inject(PollGuard) private readonly guard: PollGuard,
    @Inject(jobTokenKey) private readonly tokenKey: JobTokenKey,
  ) {}

  @Post()
  @HttpCode(202)
  @Scopes('jobs:write')
  @ApiOperation({ summary: 'Accept one job' })
  @ApiHeader(idempotencyKey)
  @ApiHeader({ name: 'Prefer', required: false, description: 'wait=N: hold the answer up to N ≤ 60 s' })
  @ApiOkResponse({ standardSchema: resultSchema, description: 'The result, where it was waited for' })
  @ApiAcceptedResponse({ standardSchema: acceptedJobSchema, description: 'Committed: the job will be run' })
  async accept(
    @Body({ schema: jobInputSchema }) input: JobInput,
    @Principal() caller: Caller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.posts.one(input, { caller, request, reply });
  }

  @Post('batch')
  @HttpCode(202)
  @Scopes('jobs:write')
  @ApiOperation({ summary: 'Accept up to 10,000 jobs, all or none' })
  @ApiHeader(idempotencyKey)
  @ApiAcceptedResponse({
    standardSchema: acceptedBatchSchema,
    description: 'Committed, in the order of the request',
  })
  async acceptBatch(
    @Body({ schema: batchInputSchema }) { jobs, callback }: z.output<typeof batchInputSchema>,
    @Principal() caller: Caller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.posts.batch(jobs, callback, { caller, request, reply });
  }

  @Get()
  @Scopes('jobs:read')
  @ApiOperation({ summary: 'Jobs, the newest first, without their payloads and attempts' })
  @ApiOkResponse({ standardSchema: jobListSchema })
  async list(@Query({ schema: listSchema }) query: z.output<typeof listSchema>, @Principal() caller: Caller) {
    const { cursor, limit, createdAfter, ...filter } = query;
    const beforeId = decodeCursor(cursor, idPlace);
    const createdAfterMs = createdAfter === undefined ? undefined : Date.parse(createdAfter);
    const wanted = { ...filter, tenantId: caller.tenantId, beforeId, createdAfterMs, limit: limit + 1 };
    const rows = await retrying(() => listJobs(this.database.pool, wanted));
    return pageOf(rows, limit, { show: showListedJob, cursor: (job) => job.id });
  }

  @Get(':id')
  @Scopes('jobs:read')
  @JobTokenAllowed()
  @ApiOperation({ summary: 'One job with its attempts' })
  @ApiHeader({
    name: 'If-None-Match',
    required: false,
    description: 'the ETag of an earlier answer: 304 while it holds',
  })
  @ApiOkResponse({ standardSchema: jobSchema })
  @ApiNotModifiedResponse({ description: 'If-None-Match holds' })
  async read(
    @Param('id', { schema: idSchema }) id: string,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Principal() caller: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { pool } = this.database;
    const { tenantId } = caller;
    const [job] = await retrying(() => readJobs(pool, tenantId, [id]));
    if (!job) throw new BatonError('not_found', `there is no job ${id}`);
    const etag = `"${cursorOf(job)}"`;
    void reply.header('etag', etag).header('cache-control', 'private, no-cache');
    if (!isTerminal(job.state)) this.adviseWaiting(job, caller, reply);
    else this.learner.observeEnd(job);
    if (matchesEtag(ifNoneMatch, etag)) return void reply.code(304).send();
    const attempts = await retrying(() => readAttempts(pool, tenantId, id));
    const dependants = job.hasDependants ? await retrying(() => countDependants(pool, id)) : 0;
    const hold = job.state === 'held' ? await retrying(() => readHold(pool, tenantId, id)) : undefined;
    const more = { ...(dependants > 0 && { dependants }), ...(hold && { hold: showHold(hold) }) };
    void reply.header('content-type', 'application/json; charset=utf-8').send(showJob(job, attempts, more));
  }

  @Post(':id/token')
  @HttpCode(200)
  @Scopes('jobs:read')
  @JobTokenAllowed()
  @ApiOperation({
    summary: 'A fresh token that reads this one job, for browsers; a token that still holds gets one too',
  })
  @ApiOkResponse({ standardSchema: jobTokenSchema })
  async token(
    @Param('id', { schema: idSchema }) id: string,
    @Principal() { tenantId }: Caller,
  ): Promise<z.output<typeof jobTokenSchema>> {
    const [job] = await retrying(() => readJobs(this.database.pool, tenantId, [id]));
    if (!job) throw new BatonError('not_found', `there is no job ${id}`);
    const now = Date.now();
    return {
      token: signJobToken(this.tokenKey, { jobId: id, tenantId }, now),
      expiresAt: new Date((Math.floor(now / 1_000) + jobTokenSeconds) * 1_000).toISOString(),
    };
  }

  /** When to look again, and what to do instead of looking each second. */
  private adviseWaiting(job: ReadJob, caller: Caller, reply: FastifyReply): void {
    const now = Date.now();
    const retryAfterSeconds = this.learner.retryAfterSeconds(job, now);
    const words = this.guard.looked(`${holderOf(caller)}/${job.id}`, retryAfterSeconds, now);
    void reply.header('retry-after', retryAfterSeconds);
    if (words !== undefined) void reply.header(adviceHeader, words);
  }
}
