import { BatonError, parseCursor } from '@baton/contracts';
import type { JobFile, TerminalOutcome } from '@baton/persistence';
import {
  BatchedReader,
  pendingBody,
  pendingSchema,
  adviceHeader,
  PollGuard,
  preferredWait,
  RetryLearner,
  resultBody,
  resultSchema,
  tenantOf,
  WaitingRoom,
} from '@baton/results';
import {
  type Caller,
  holderOf,
  idSchema,
  JobTokenAllowed,
  matchesEtag,
  Principal,
  Public,
  Scopes,
  tagsOf,
} from '@baton/service';
import { channelConnections, deliverSeconds, recordDeliver } from '@baton/tracing';
import { Controller, Get, Headers, Inject, Param, Query, Req, Res } from '@nestjs/common';
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
import { Acknowledgements } from '../events/acknowledgements.js';
import { FileLinks } from './file-links.js';
import { ResultFiles } from './result-files.js';

const linkSchema = z.strictObject({
  expires: z.coerce.number().int().min(0).max(8.64e15),
  signature: z.string().max(100),
});

/** A job's result, once it has settled: nothing that a worker merely said is ever shown. */
@ApiTags('results')
@Controller('v1/results')
export class ResultsController {
  constructor(
    @Inject(BatchedReader) private readonly reader: BatchedReader,
    @Inject(WaitingRoom) private readonly room: WaitingRoom,
    @Inject(FileLinks) private readonly links: FileLinks,
    @Inject(ResultFiles) private readonly files: ResultFiles,
    @Inject(RetryLearner) private readonly learner: RetryLearner,
    @Inject(PollGuard) private readonly guard: PollGuard,
    @Inject(Acknowledgements) private readonly acknowledgements: Acknowledgements,
  ) {}

  @Get(':jobId')
  @Scopes('jobs:read')
  @JobTokenAllowed({ param: 'jobId' })
  @ApiOperation({ summary: 'The result of a job, waited for where `Prefer: wait=N` asks so' })
  @ApiHeader({ name: 'Prefer', required: false, description: 'wait=N: hold the request up to N ≤ 60 s' })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'the ETag of an earlier answer' })
  @ApiOkResponse({ standardSchema: resultSchema, description: 'The result' })
  @ApiNotModifiedResponse({ description: 'Nothing is new to who presents this ETag' })
  @ApiAcceptedResponse({
    standardSchema: pendingSchema,
    description: 'Not there yet: come again after Retry-After',
  })
  async read(
    @Param('jobId', { schema: idSchema }) jobId: string,
    @Headers('prefer') prefer: string | undefined,
    @Principal() caller: Caller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { ms, advice } = preferredWait(prefer, Math.random());
    const standing = ms === 0 ? await this.reader.read(jobId) : await this.hold(jobId, ms, caller, reply);
    if (!standing || tenantOf(standing) !== caller.tenantId)
      throw new BatonError('not_found', `there is no job ${jobId}`);
    if (advice !== undefined) void reply.header(adviceHeader, advice);
    if (ms > 0) void reply.header('preference-applied', `wait=${Math.round(ms / 1_000)}`);
    if (standing.terminal) {
      await this.acknowledge(standing.outcome, ms > 0, request);
      return this.tell(standing.outcome, ms > 0 ? 'long-poll' : 'poll', { request, reply });
    }
    const now = Date.now();
    const retryAfterSeconds = this.learner.retryAfterSeconds(standing, now);
    // A held request has waited; it is those who ask again at once that are warned.
    const warned =
      ms > 0 ? undefined : this.guard.pending(`${holderOf(caller)}/${jobId}`, retryAfterSeconds, now);
    if (warned !== undefined) void reply.header(adviceHeader, warned);
    void reply.header('etag', `"${standing.cursor}"`).header('retry-after', retryAfterSeconds);
    if (matchesEtag(request.headers['if-none-match'], `"${standing.cursor}"`))
      return void reply.code(304).send();
    return void reply.code(202).send(pendingBody(standing));
  }

  @Get(':jobId/file')
  @Public()
  @ApiOperation({ summary: 'The file that a job returned, by the signed link of its result' })
  @ApiOkResponse({ description: 'The bytes of the file' })
  async file(
    @Param('jobId', { schema: idSchema }) jobId: string,
    @Query({ schema: linkSchema }) link: z.infer<typeof linkSchema>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const refusal = this.links.refuse(jobId, link, Date.now());
    if (refusal !== undefined) throw new BatonError('unauthenticated', refusal);
    const standing = await this.reader.read(jobId);
    const outcome = standing?.terminal ? standing.outcome : undefined;
    if (outcome?.result?.kind !== 'file') throw new BatonError('not_found', `job ${jobId} has no file`);
    refuseExpired(outcome);
    await this.files.send(jobId, outcome.result, reply);
  }

  private async hold(jobId: string, ms: number, caller: Caller, reply: FastifyReply) {
    const gone = new AbortController();
    const onClose = (): void => gone.abort();
    reply.raw.once('close', onClose);
    const held = channelConnections.labels('long-poll');
    held.inc();
    try {
      const { tenantId } = caller;
      return await this.room.wait(jobId, { tenantId, holder: holderOf(caller), ms, signal: gone.signal });
    } finally {
      held.dec();
      reply.raw.off('close', onClose);
    }
  }

  /** A request that presents the cursor of the end has the result. */
  private async acknowledge(
    { jobId, tenantId, cursor }: TerminalOutcome,
    held: boolean,
    request: FastifyRequest,
  ) {
    if (!tagsOf(request.headers['if-none-match']).includes(`"${cursor}"`)) return;
    const channel = held ? 'long-poll' : 'poll';
    await this.acknowledgements.tell({ tenantId, jobId, cursor: parseCursor(cursor)!, channel });
  }

  private async tell(
    outcome: TerminalOutcome,
    channel: 'poll' | 'long-poll',
    { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  ): Promise<void> {
    const startTime = new Date();
    this.learner.observeEnd(outcome);
    const { jobId, state, cursor, result, error } = outcome;
    if (state !== 'succeeded') {
      const [code, word] =
        state === 'dead'
          ? (['job_dead', 'has failed for good'] as const)
          : (['job_cancelled', 'was cancelled'] as const);
      throw new BatonError(code, `job ${jobId} ${word}${error ? `: ${error.code}: ${error.message}` : ''}`);
    }
    refuseExpired(outcome);
    const { traceparent, tracestate, baggage, tenantId: tenant, queue, attempt, executionId } = outcome;
    reply.raw.once('finish', () => {
      deliverSeconds.labels(channel).observe((Date.now() - outcome.finishedAtMs) / 1_000);
      const carrier =
        traceparent === null
          ? undefined
          : { traceparent, tracestate: tracestate ?? undefined, baggage: baggage ?? undefined };
      recordDeliver({
        jobId,
        tenant,
        queue,
        attempt,
        executionId: executionId ?? undefined,
        carrier,
        channel,
        startTime,
        outcome: 'delivered',
      });
    });
    if (result?.kind === 'file') return this.tellFile(outcome, result, request, reply);
    void reply.header('etag', `"${cursor}"`);
    if (matchesEtag(request.headers['if-none-match'], `"${cursor}"`)) return void reply.code(304).send();
    void reply.send(resultBody(outcome, result === undefined ? null : JSON.parse(result.json)));
  }

  /** No ETag: the body has a signed link of its own each time. */
  private async tellFile(
    outcome: TerminalOutcome,
    result: JobFile,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    if (request.headers.accept === result.mediaType) return this.files.send(outcome.jobId, result, reply);
    const file = await this.files.show(outcome, result, request);
    void reply.header('cache-control', 'no-store').send(resultBody(outcome, { file }));
  }
}

function refuseExpired({ jobId, expired, untilMs }: TerminalOutcome): void {
  if (!expired) return;
  const until = untilMs === undefined ? '' : ` until ${new Date(untilMs).toISOString()}`;
  throw new BatonError('result_expired', `the result of job ${jobId} was kept${until}`);
}
