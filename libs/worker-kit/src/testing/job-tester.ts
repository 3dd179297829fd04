import type { ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestMicroservice } from '@nestjs/microservices';
import type { Backoff, PayloadOf } from '@baton/contracts';
import { AttemptTimeoutError } from '../execution/abort-causes.js';
import type { Delivery } from '../execution/delivery.js';
import type { Outcome } from '../execution/outcome.js';
import { RethrowFilter } from '../handler/rethrow.filter.js';
import { FakeClock } from './fake-clock.js';
import { InlineServer, type InlineOptions, type TestedJob } from './inline-server.js';
import { madeUpDelivery } from './made-up-delivery.js';
import { RecordingEnqueuer, type EnqueuedJob } from './recording-enqueuer.js';
import { withEnqueuer } from './with-enqueuer.js';
import { nextAttempt, shownProgress, type TestedAttempt } from './tested-attempt.js';

/** What a test may say of the job; the rest is made up. */
export type TestedDelivery = Partial<Omit<Delivery, 'queue' | 'payload'>>;

export interface JobTesterOptions extends InlineOptions {
  /**
   * True, or the time at which it begins: `Date` follows the tester's clock, which `advance` and `attempts` move ahead.
   * Then a snooze of a day takes no time. `close` puts the real one back.
   */
  fakeClock?: boolean | Date;
}

/** A job of a handler that snoozes for ever would have no end. */
const mostAttempts = 1_000;

/**
 * Runs handlers as a worker does, with Nest's whole pipeline, and with neither PostgreSQL nor Kafka.
 *
 * ```ts
 * const jobs = await JobTester.create({ controllers: [Thumbnails] });
 * expect(await jobs.run('thumbnails', { url })).toEqual({ kind: 'succeeded', … });
 * ```
 */
export class JobTester {
  private constructor(
    private readonly app: NestMicroservice,
    private readonly server: InlineServer,
    private readonly enqueuer: RecordingEnqueuer,
    private readonly clock: FakeClock | undefined,
  ) {}

  /** @throws HandlerSetupError when the handlers cannot be served as they are declared */
  static async create(module: ModuleMetadata, options: JobTesterOptions = {}): Promise<JobTester> {
    const { fakeClock = false } = options;
    const clock = fakeClock === false ? undefined : new FakeClock(fakeClock === true ? undefined : fakeClock);
    const server = new InlineServer(options);
    const enqueuer = new RecordingEnqueuer();
    try {
      const app = await NestFactory.createMicroservice(withEnqueuer(module, enqueuer), {
        strategy: server,
        logger: false,
        abortOnError: false,
      });
      app.useGlobalFilters(new RethrowFilter());
      await app.listen();
      return new JobTester(app as NestMicroservice, server, enqueuer, clock);
    } catch (error) {
      clock?.restore();
      throw error;
    }
  }

  /** Everything that handlers have posted by the injected `JobEnqueuer`, in order. */
  get enqueued(): readonly EnqueuedJob[] {
    return this.enqueuer.jobs;
  }

  /** Runs one attempt of a job to its end. */
  async run<Queue extends string>(
    queue: Queue,
    payload: PayloadOf<Queue>,
    delivery: TestedDelivery = {},
  ): Promise<Outcome | undefined> {
    return this.start(queue, payload, delivery).outcome;
  }

  /** Begins one attempt of a job, which the test may abort. */
  start<Queue extends string>(
    queue: Queue,
    payload: PayloadOf<Queue>,
    delivery: TestedDelivery = {},
  ): TestedJob {
    return this.server.enter({
      ...madeUpDelivery(),
      ...delivery,
      queue,
      payload: JSON.stringify(payload ?? null),
    });
  }

  /**
   * Runs a job attempt by attempt, as the engine would: retried with backoff (without jitter), snoozed, handed back, each
   * attempt with what the one before it kept. A fake clock is moved to each attempt's time before it begins, a real
   * one is not waited for.
   * @throws RangeError when it has not ended after 1,000 attempts
   */
  async *attempts<Queue extends string>(
    queue: Queue,
    payload: PayloadOf<Queue>,
    { backoff, ...given }: TestedDelivery & { backoff?: Backoff } = {},
  ): AsyncGenerator<TestedAttempt, void> {
    const { jobId, maxAttempts, ...made } = madeUpDelivery();
    let delivery = { ...made, jobId, maxAttempts, ...given };
    for (let count = 0; count < mostAttempts; count++) {
      const posted = this.enqueued.length;
      const at = new Date();
      const job = this.start(queue, payload, delivery);
      const outcome = await job.outcome;
      const next = nextAttempt(delivery, outcome, backoff);
      const checkpoint = job.notes.reduce((last, note) => note.checkpoint ?? last, delivery.checkpoint);
      yield {
        attempt: delivery.attempt,
        failures: delivery.failures,
        at,
        outcome,
        progress: shownProgress(job.notes),
        checkpoint: checkpoint === undefined ? undefined : (JSON.parse(checkpoint) as unknown),
        enqueued: this.enqueued.slice(posted),
        nextAt: next && new Date(next.atMs),
      };
      if (!next) return;
      this.clock?.advance(Math.max(0, next.atMs - Date.now()));
      const { attempt, failures } = next;
      delivery = { ...delivery, attempt, failures, checkpoint, executionId: madeUpDelivery().executionId };
    }
    throw new RangeError(`a job of "${queue}" has not ended after ${mostAttempts} attempts`);
  }

  /** All attempts of a job. @throws RangeError when it has not ended after 1,000 */
  async runToEnd<Queue extends string>(
    queue: Queue,
    payload: PayloadOf<Queue>,
    delivery: TestedDelivery & { backoff?: Backoff } = {},
  ): Promise<TestedAttempt[]> {
    const all: TestedAttempt[] = [];
    for await (const attempt of this.attempts(queue, payload, delivery)) all.push(attempt);
    return all;
  }

  /**
   * Moves the fake clock ahead: what runs and is over its time then is aborted by its timeout.
   * @param duration such as `"5m"`, or milliseconds
   * @throws RangeError for what is no duration; TypeError without a fake clock
   */
  advance(duration: string | number): void {
    if (!this.clock) throw new TypeError('the tester has no fake clock; create it with { fakeClock: true }');
    this.clock.advance(duration);
    this.server.expire(Date.now(), (timeoutMs) => new AttemptTimeoutError(timeoutMs));
  }

  async close(): Promise<void> {
    this.clock?.restore();
    await this.app.close();
  }
}
