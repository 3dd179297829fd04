import { BatonError, priorities } from '@baton/contracts';
import {
  type Accepted,
  type IdempotencyKey,
  JobAcceptor,
  type NewJob,
  type ParentRef,
} from '@baton/persistence';
import {
  acceptSeconds,
  isTraced,
  jobsAccepted,
  restoreTrace,
  startProduceSpan,
  type ProduceSpan,
} from '@baton/tracing';
import { Inject, Injectable } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import { type SealedPayload, UploadSealer } from '../uploads/upload-sealer.js';
import { QueueDoor } from '../queues/door.js';
import type { JobInput } from './job-input.schema.js';
import { JobWebhooks } from './job-webhooks.js';
import { uniqueRule } from './unique-rule.js';

/** Validated jobs of one request, with their payloads as sent. */
export interface JobsToAccept {
  tenantId: string;
  inputs: readonly JobInput[];
  payloads: readonly string[];
  idempotency: IdempotencyKey | undefined;
  /** Where a job's payload stands in the request. */
  pathOf: (index: number) => string;
  /** They are a flow, of this id; its names are in their order. */
  flow?: { id: string; names: readonly string[] };
  /** Parents among the jobs of the request, beside those that the inputs name. */
  parents?: (ids: readonly string[]) => readonly (readonly ParentRef[] | undefined)[];
}

/** Turns validated requests into accepted jobs: ids, traces, and the group they are committed in. */
@Injectable()
export class JobIntake {
  constructor(
    @Inject(QueueDoor) private readonly door: QueueDoor,
    @Inject(JobAcceptor) private readonly acceptor: JobAcceptor,
    @Inject(JobWebhooks) private readonly webhooks: JobWebhooks,
    @Inject(UploadSealer) private readonly uploads: UploadSealer,
  ) {}

  /**
   * Each job's trace begins here, in the request's context: when its group is written, that is another's.
   * @throws BatonError as {@link QueueDoor.enter} and {@link JobAcceptor.accept} do
   */
  async accept(asked: JobsToAccept): Promise<Accepted> {
    const { tenantId, inputs, payloads, idempotency, flow } = asked;
    const began = performance.now();
    const names = new Set(inputs.map((input) => input.queue));
    const passed = await this.pass(asked);
    if ('repeated' in passed) return passed;
    const told = await this.webhooks.of(tenantId, inputs);
    const ids = inputs.map(() => uuidv7());
    const parents = asked.parents?.(ids);
    const spans = startSpans(asked, ids);
    const jobs = inputs.map((input, i): NewJob => ({
      ...newJob(input, { id: ids[i]!, payload: payloads[i] ?? 'null', span: spans[i]! }),
      flowId: flow?.id,
      dependsOn: parentsOf(input, parents?.[i]),
      ...told?.[i],
      ...passed.sealed.get(i),
    }));
    const accepted = await this.acceptor
      .accept({ tenantId, jobs, idempotency, flow })
      .catch((error: unknown) => {
        for (const span of spans) span.end({ error: spanError(error) });
        throw error;
      });
    // A repetition makes no jobs, nor does what is there already: their spans are never ended and thus never told.
    if (accepted.repeated) return accepted;
    jobs.forEach(({ id, queue }, i) => {
      if (accepted.jobs[i]?.id !== id) return;
      spans[i]?.end();
      jobsAccepted.labels(queue).inc();
    });
    for (const name of names) acceptSeconds.labels(name).observe((performance.now() - began) / 1_000);
    return accepted;
  }

  /**
   * Through the queues' door, and with its uploads sealed; whom it refuses may repeat a request that it let in when there was room.
   * @returns what that request made
   * @throws BatonError as {@link QueueDoor.enter} and {@link UploadSealer.seal} do
   */
  private async pass(
    asked: JobsToAccept,
  ): Promise<Accepted | { sealed: ReadonlyMap<number, SealedPayload> }> {
    const { tenantId, inputs, idempotency, pathOf } = asked;
    try {
      const looking = this.door.enter(inputs, pathOf);
      if (looking) await looking;
      return { sealed: await this.sealAll(asked) };
    } catch (error) {
      const repeated = idempotency && (await this.acceptor.repeat({ tenantId, jobs: [], idempotency }));
      if (!repeated) throw error;
      return repeated;
    }
  }

  /** The payloads that name uploads, as they are kept. One after the other: a request may name many. */
  private async sealAll({
    tenantId,
    inputs,
    payloads,
    pathOf,
  }: JobsToAccept): Promise<Map<number, SealedPayload>> {
    const all = new Map<number, SealedPayload>();
    for (const [i, payload] of payloads.entries()) {
      const sealing = this.uploads.seal({ tenantId, queue: inputs[i]!.queue, payload, path: pathOf(i) });
      const sealed = sealing && (await sealing);
      if (sealed) all.set(i, sealed);
    }
    return all;
  }
}

/**
 * The jobs of one request are one trace, up to the bound of a fan-out: where the request has none to go on with, the
 * first job's is begun, and the others of its flow go on with that.
 */
function startSpans({ tenantId, inputs, flow }: JobsToAccept, ids: readonly string[]): ProduceSpan[] {
  const spans: ProduceSpan[] = [];
  inputs.forEach((input, i) => {
    const [first] = spans;
    spans.push(
      startProduceSpan({
        jobId: ids[i]!,
        tenant: tenantId,
        queue: input.queue,
        delayMs: delayOf(input),
        fanOut: inputs.length,
        ...(flow && first && !isTraced() && { parent: restoreTrace(first.carrier).context }),
      }),
    );
  });
  return spans;
}

export function parentsOf(
  { dependsOn }: JobInput,
  own: readonly ParentRef[] | undefined,
): readonly ParentRef[] | undefined {
  if (!dependsOn) return own;
  return [...dependsOn.map(({ job, onFailure }) => ({ jobId: job, onFailure })), ...(own ?? [])];
}

/** A validated job as it is kept, in the trace that its span begins. */
export function newJob(
  input: JobInput,
  { id, payload, span }: { id: string; payload: string; span: ProduceSpan },
): NewJob {
  return {
    id,
    queue: input.queue,
    priority: priorities[input.priority],
    payload,
    orderingKey: input.orderingKey,
    concurrencyKey: input.concurrencyKey,
    metadata: input.metadata,
    maxAttempts: input.maxAttempts,
    backoff: input.backoff,
    timeoutMs: input.timeout,
    expectMs: input.expectWithin,
    runAtMs: input.runAt,
    // No delay is none: such a job may take its place in its lane at once.
    delayMs: input.delay === 0 ? undefined : (input.delay ?? quietOf(input)),
    unique: input.unique && uniqueRule(input.unique, input.payload),
    trace: span.carrier,
  };
}

/** How far ahead it lies, to choose its trace by; when it is due is PostgreSQL's to say. */
export function delayOf(input: JobInput): number | undefined {
  const { runAt, delay = quietOf(input) } = input;
  return runAt === undefined ? delay : runAt - Date.now();
}

/** A debounced job waits for so much quiet, unless it says for how long itself. */
function quietOf({ unique, runAt }: JobInput): number | undefined {
  return unique?.onConflict === 'debounce' && runAt === undefined ? unique.within : undefined;
}

export function spanError(error: unknown): { code: string; message: string } {
  if (BatonError.is(error)) return { code: error.code, message: error.message };
  return { code: 'internal', message: String(error) };
}
