import { BatonError } from '@baton/contracts';
import { Database, type JobResult, readAttempts, readJobs, type TerminalOutcome } from '@baton/persistence';
import { adviceHeader, resultBody, RetryLearner, type Wait, WaitingRoom } from '@baton/results';
import type { Caller } from '@baton/service';
import { deliverSeconds } from '@baton/tracing';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { showJob } from './show-job.js';

/** Holds the answer to an accepted job until its result is there, where `Prefer: wait=N` asks so. */
@Injectable()
export class AwaitedJobs {
  constructor(
    @Inject(WaitingRoom) private readonly room: WaitingRoom,
    @Inject(Database) private readonly database: Database,
    @Inject(RetryLearner) private readonly learner: RetryLearner,
  ) {}

  /**
   * Answers `200` with the result if it is there in time; else `202` with the job as it then is, be it dead. The job is
   * accepted, so no limit of waiting makes an error of it.
   */
  async answer(
    jobId: string,
    { token, wait, caller, reply }: { token: string; wait: Wait; caller: Caller; reply: FastifyReply },
  ): Promise<void> {
    const { outcome, advice } = await this.wait(jobId, wait, { caller, reply });
    void reply
      .header('preference-applied', `wait=${Math.round(wait.ms / 1_000)}`)
      .header('vary', 'Prefer')
      .header('location', `/v1/jobs/${jobId}`);
    if (advice !== undefined) void reply.header(adviceHeader, advice);
    if (outcome) this.learner.observeEnd(outcome);
    if (outcome?.state === 'succeeded') {
      deliverSeconds.labels('long-poll').observe((Date.now() - outcome.finishedAtMs) / 1_000);
      return void reply.code(200).send({ ...resultBody(outcome, shownResult(outcome.result)), token });
    }
    const [job] = await readJobs(this.database.pool, caller.tenantId, [jobId]);
    if (!job) throw new BatonError('not_found', `there is no job ${jobId}`);
    const attempts = await readAttempts(this.database.pool, caller.tenantId, jobId);
    void reply
      .code(202)
      .header('retry-after', this.learner.retryAfterSeconds(job, Date.now()))
      .header('content-type', 'application/json; charset=utf-8')
      .send(showJob(job, attempts, { token }));
  }

  private async wait(
    jobId: string,
    { ms, advice }: Wait,
    { caller, reply }: { caller: Caller; reply: FastifyReply },
  ): Promise<{ outcome?: TerminalOutcome | undefined; advice?: string | undefined }> {
    const gone = new AbortController();
    const onClose = (): void => gone.abort();
    reply.raw.once('close', onClose);
    try {
      const holder = caller.kind === 'key' ? caller.keyId : caller.jobId;
      const { tenantId } = caller;
      const standing = await this.room.wait(jobId, { tenantId, holder, ms, signal: gone.signal });
      return { outcome: standing?.terminal ? standing.outcome : undefined, advice };
    } catch (error) {
      if (BatonError.is(error)) return { advice: error.message };
      throw error;
    } finally {
      reply.raw.off('close', onClose);
    }
  }
}

/** A file's link is signed by the gateway: the result read there has it. */
function shownResult(result: JobResult | undefined): unknown {
  if (result === undefined) return null;
  if (result.kind === 'json') return JSON.parse(result.json) as unknown;
  const { mediaType, name, sha256, size } = result;
  return { file: { mediaType, name, size, sha256 } };
}
