import { BatonError, priorities } from '@baton/contracts';
import { type Accepted, type IdempotencyKey, JobAcceptor, type NewJob } from '@baton/persistence';
import { acceptSeconds, jobsAccepted, startProduceSpan, type ProduceSpan } from '@baton/tracing';
import { Inject, Injectable } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import { KnownQueues } from '../queues/known-queues.js';
import type { JobInput } from './job-input.schema.js';

/** Validated jobs of one request, with their payloads as sent. */
export interface JobsToAccept {
  tenantId: string;
  inputs: readonly JobInput[];
  payloads: readonly string[];
  idempotency: IdempotencyKey | undefined;
}

/** Turns validated requests into accepted jobs: ids, traces, and the group they are committed in. */
@Injectable()
export class JobIntake {
  constructor(
    @Inject(KnownQueues) private readonly queues: KnownQueues,
    @Inject(JobAcceptor) private readonly acceptor: JobAcceptor,
  ) {}

  /**
   * Each job's trace begins here, in the request's context: when its group is written, that is another's.
   * @throws BatonError as {@link JobAcceptor.accept} does
   */
  async accept({ tenantId, inputs, payloads, idempotency }: JobsToAccept): Promise<Accepted> {
    const began = performance.now();
    const names = new Set(inputs.map((input) => input.queue));
    const asked = this.queues.require(names);
    if (asked) await asked;
    const spans: ProduceSpan[] = [];
    const jobs = inputs.map((input, i): NewJob => {
      const id = uuidv7();
      const span = startProduceSpan({
        jobId: id,
        tenant: tenantId,
        queue: input.queue,
        delayMs: delayOf(input),
        fanOut: inputs.length,
      });
      spans.push(span);
      return newJob(input, { id, payload: payloads[i] ?? 'null', span });
    });
    const accepted = await this.acceptor.accept({ tenantId, jobs, idempotency }).catch((error: unknown) => {
      for (const span of spans) span.end({ error: spanError(error) });
      throw error;
    });
    // A repetition makes no jobs, so the spans begun for them are never ended and thus never told.
    if (accepted.repeated) return accepted;
    for (const span of spans) span.end();
    for (const { queue } of jobs) jobsAccepted.labels(queue).inc();
    for (const name of names) acceptSeconds.labels(name).observe((performance.now() - began) / 1_000);
    return accepted;
  }
}

function newJob(
  input: JobInput,
  { id, payload, span }: { id: string; payload: string; span: ProduceSpan },
): NewJob {
  return {
    id,
    queue: input.queue,
    priority: priorities[input.priority],
    payload,
    orderingKey: input.orderingKey,
    metadata: input.metadata,
    maxAttempts: input.maxAttempts,
    backoff: input.backoff,
    timeoutMs: input.timeout,
    runAtMs: input.runAt,
    // No delay is none: such a job may take its place in its lane at once.
    delayMs: input.delay === 0 ? undefined : input.delay,
    trace: span.carrier,
  };
}

/** How far ahead it lies, to choose its trace by; when it is due is PostgreSQL's to say. */
function delayOf({ runAt, delay }: JobInput): number | undefined {
  return runAt === undefined ? delay : runAt - Date.now();
}

function spanError(error: unknown): { code: string; message: string } {
  if (BatonError.is(error)) return { code: error.code, message: error.message };
  return { code: 'internal', message: String(error) };
}
