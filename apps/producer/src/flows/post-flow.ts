import { Database, findFlow, retrying } from '@baton/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import { idempotencyOf } from '../jobs/idempotency-key.js';
import { JobIntake } from '../jobs/job-intake.js';
import { payloadsOfBatch } from '../jobs/payload-text.js';
import { type Posted, retryAfterSeconds } from '../jobs/post-jobs.js';
import { rawBodyOf } from '../jobs/raw-json-body.js';
import { checkGraph, parentsByName } from './flow-graph.js';
import type { FlowJobInput } from './flow-input.schema.js';

/** Answers `POST /v1/flows` once its body is validated. */
@Injectable()
export class PostFlow {
  constructor(
    @Inject(JobIntake) private readonly intake: JobIntake,
    @Inject(Database) private readonly database: Database,
  ) {}

  async post(
    inputs: readonly FlowJobInput[],
    { caller: { tenantId }, request, reply }: Posted,
  ): Promise<void> {
    checkGraph(inputs);
    const { bytes, text } = rawBodyOf(request);
    const idempotency = idempotencyOf(request.headers['idempotency-key'], {
      route: 'POST /v1/flows',
      body: bytes,
    });
    const flow = { id: uuidv7(), names: inputs.map(({ name }) => name) };
    const { jobs, repeated } = await this.intake.accept({
      pathOf: (i) => `jobs.${i}.payload`,
      tenantId,
      inputs: inputs.map(({ dependsOn: _, ...input }) => input),
      payloads: payloadsOfBatch(text),
      idempotency,
      flow,
      parents: (ids) => parentsByName(inputs, ids),
    });
    const jobIds = jobs.map(({ id }) => id);
    const id = repeated ? await retrying(() => findFlow(this.database.pool, tenantId, jobIds)) : flow.id;
    void reply
      .code(202)
      .header('location', `/v1/flows/${id}`)
      .header('retry-after', retryAfterSeconds)
      .send({ id, jobs: Object.fromEntries(flow.names.map((name, i) => [name, jobIds[i]])) });
  }
}
