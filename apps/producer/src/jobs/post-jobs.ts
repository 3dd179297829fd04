import type { ParentRef } from '@baton/persistence';
import { adviceHeader, preferredWait, RetryLearner } from '@baton/results';
import { type Caller, type JobTokenKey, signJobToken } from '@baton/service';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AwaitedJobs } from './awaited-jobs.js';
import { idempotencyOf } from './idempotency-key.js';
import type { JobInput } from './job-input.schema.js';
import { JobIntake } from './job-intake.js';
import { payloadOfCallback, payloadOfJob, payloadsOfBatch } from './payload-text.js';
import { rawBodyOf } from './raw-json-body.js';
import { showJob } from './show-job.js';

export const jobTokenKey = Symbol('job token key');

/** Seconds after which a client may look how far many jobs are. */
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
    @Inject(RetryLearner) private readonly learner: RetryLearner,
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
    const { jobs, existing } = await this.intake.accept({
      tenantId,
      inputs: [input],
      payloads,
      idempotency,
      pathOf: () => 'payload',
    });
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
      .header('retry-after', this.learner.retryAfterSeconds(job, Date.now()))
      .header('content-type', 'application/json; charset=utf-8')
      .send(showJob(job, [], { token, ...(existing.has(job.id) && { existing: true }) }));
  }

  /** @param callback waits for all of the batch, however they end */
  async batch(
    batch: readonly JobInput[],
    callback: JobInput | undefined,
    { caller: { tenantId }, request, reply }: Posted,
  ): Promise<void> {
    const { bytes, text } = rawBodyOf(request);
    const idempotency = idempotencyOf(request.headers['idempotency-key'], {
      route: 'POST /v1/jobs/batch',
      body: bytes,
    });
    const { jobs, existing } = await this.intake.accept({
      tenantId,
      inputs: callback ? [...batch, callback] : batch,
      payloads: callback ? [...payloadsOfBatch(text), payloadOfCallback(text)] : payloadsOfBatch(text),
      idempotency,
      pathOf: (i) => (i < batch.length ? `jobs.${i}.payload` : 'callback.payload'),
      ...(callback && { parents: lastAfterAll }),
    });
    const items = jobs.map(({ id, state }) => ({ id, state, ...(existing.has(id) && { existing: true }) }));
    void reply
      .code(202)
      .header('retry-after', retryAfterSeconds)
      .send({ items: items.slice(0, batch.length), ...(callback && { callback: items.at(-1) }) });
  }
}

function lastAfterAll(ids: readonly string[]): (ParentRef[] | undefined)[] {
  const others = ids.slice(0, -1).map((jobId): ParentRef => ({ jobId, onFailure: 'run' }));
  return [...others.map(() => undefined), others];
}
