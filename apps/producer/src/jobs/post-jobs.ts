import { adviceHeader, preferredWait } from '@baton/results';
import { type Caller, type JobTokenKey, signJobToken } from '@baton/service';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AwaitedJobs } from './awaited-jobs.js';
import { idempotencyOf } from './idempotency-key.js';
import type { JobInput } from './job-input.schema.js';
import { JobIntake } from './job-intake.js';
import { payloadOfJob, payloadsOfBatch } from './payload-text.js';
import { rawBodyOf } from './raw-json-body.js';
import { showJob } from './show-job.js';

export const jobTokenKey = Symbol('job token key');

/** Seconds after which a client may look whether its job is done. */
export const retryAfterSeconds = 1;

/** Who posts, what, and where the answer goes. The body is the request's own. */
export interface Posted {
  caller: Caller;
  request: FastifyRequest;
  reply: FastifyReply;
}

/** Answers `POST /v1/jobs` and `POST /v1/jobs/batch` once their bodies are validated. */
@Injectable()
export class PostJobs {
  constructor(
    @Inject(JobIntake) private readonly intake: JobIntake,
    @Inject(AwaitedJobs) private readonly awaited: AwaitedJobs,
    @Inject(jobTokenKey) private readonly tokenKey: JobTokenKey,
  ) {}

  async one(input: JobInput, { caller, request, reply }: Posted): Promise<void> {
    const { tenantId } = caller;
    const { bytes, text } = rawBodyOf(request);
    const idempotency = idempotencyOf(request.headers['idempotency-key'], {
      route: 'POST /v1/jobs',
      body: bytes,
    });
    const payloads = [payloadOfJob(text)];
    const { jobs } = await this.intake.accept({ tenantId, inputs: [input], payloads, idempotency });
    const [job] = jobs;
    if (!job) throw new TypeError('a job was accepted and is not told');
    const token = signJobToken(this.tokenKey, { jobId: job.id, tenantId });
    const { prefer } = request.headers;
    const wait = prefer === undefined ? undefined : preferredWait(prefer, Math.random());
    if (wait && wait.ms > 0) return this.awaited.answer(job.id, { token, wait, caller, reply });
    if (wait?.advice !== undefined) void reply.header(adviceHeader, wait.advice);
    void reply
      .code(202)
      .header('location', `/v1/jobs/${job.id}`)
      .header('retry-after', retryAfterSeconds)
      .header('content-type', 'application/json; charset=utf-8')
      .send(showJob(job, [], { token }));
  }

  async batch(inputs: readonly JobInput[], { caller: { tenantId }, request, reply }: Posted): Promise<void> {
    const { bytes, text } = rawBodyOf(request);
    const idempotency = idempotencyOf(request.headers['idempotency-key'], {
      route: 'POST /v1/jobs/batch',
      body: bytes,
    });
    const payloads = payloadsOfBatch(text);
    const { jobs } = await this.intake.accept({ tenantId, inputs, payloads, idempotency });
    void reply
      .code(202)
      .header('retry-after', retryAfterSeconds)
      .send({ items: jobs.map(({ id, state }) => ({ id, state })) });
  }
}
