import { randomUUID } from 'node:crypto';
import type { DynamicModule, ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestMicroservice } from '@nestjs/microservices';
import type { PayloadOf } from '@baton/contracts';
import { uuidv7 } from 'uuidv7';
import type { AbortCause } from '../execution/abort-causes.js';
import type { Delivery } from '../execution/delivery.js';
import type { Execution } from '../execution/execution.js';
import { Executor } from '../execution/executor.js';
import type { Outcome } from '../execution/outcome.js';
import { JobServer } from '../handler/job-server.js';
import { RethrowFilter } from '../handler/rethrow.filter.js';
import type { ServedHandlers } from '../handler/served-handlers.js';
import type { Log } from '../log.js';
import type { ThreadOptions } from '../thread/thread-pool.js';
import { silentLog } from './silent-log.js';

/** What a test may say of the job; the rest is made up. */
export type TestedDelivery = Partial<Omit<Delivery, 'queue' | 'payload'>>;

export interface JobTesterOptions {
  log?: Log;
  /** How long a handler has to let go after an abort. Default 50 ms. */
  letGoMs?: number;
  /** Given, handlers that ask for threads get them; else they run here like the others. */
  threads?: ThreadOptions;
}

/** One job that a tester runs. */
export interface TestedJob {
  /** Without an outcome, nothing would have been told: the job was lost to another worker. */
  readonly outcome: Promise<Outcome | undefined>;
  abort(cause: AbortCause): void;
}

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
  ) {}

  /** @throws HandlerSetupError when the handlers cannot be served as they are declared */
  static async create(module: ModuleMetadata, options: JobTesterOptions = {}): Promise<JobTester> {
    const server = new InlineServer(options);
    const root: DynamicModule = { module: class JobTesterModule {}, ...module };
    const app = await NestFactory.createMicroservice(root, {
      strategy: server,
      logger: false,
      abortOnError: false,
    });
    app.useGlobalFilters(new RethrowFilter());
    await app.listen();
    return new JobTester(app as NestMicroservice, server);
  }

  /** Runs one job to its end. */
  async run<Queue extends string>(
    queue: Queue,
    payload: PayloadOf<Queue>,
    delivery: TestedDelivery = {},
  ): Promise<Outcome | undefined> {
    return this.start(queue, payload, delivery).outcome;
  }

  /** Begins one job, which the test may abort. */
  start<Queue extends string>(
    queue: Queue,
    payload: PayloadOf<Queue>,
    delivery: TestedDelivery = {},
  ): TestedJob {
    return this.server.enter({ ...madeUp(), ...delivery, queue, payload: JSON.stringify(payload ?? null) });
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

function madeUp(): Omit<Delivery, 'queue' | 'payload'> {
  const now = Date.now();
  return {
    jobId: uuidv7(),
    tenantId: randomUUID(),
    attempt: 1,
    failures: 0,
    maxAttempts: 5,
    executionId: uuidv7(),
    workerId: uuidv7(),
    orderingKey: undefined,
    timeoutMs: 60_000,
    deadlineAtMs: undefined,
    follows: false,
    careful: false,
    checkpoint: undefined,
    createdAtMs: now,
    queuedAtMs: now,
    carrier: { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-00` },
    arrival: { system: 'postgresql' },
  };
}

class InlineServer extends JobServer {
  private executor: Executor | undefined;
  private readonly ends = new Map<Execution, (outcome: Outcome | undefined) => void>();

  constructor(private readonly options: JobTesterOptions) {
    super({ threads: options.threads ?? 'none' });
  }

  enter(delivery: Delivery): TestedJob {
    const { executor } = this;
    if (!executor) throw new TypeError('the tester is closed');
    const execution = executor.start(delivery);
    return {
      outcome: new Promise((resolve) => this.ends.set(execution, resolve)),
      abort: (cause) => executor.abort(execution, cause),
    };
  }

  protected override async stop(): Promise<void> {
    await this.executor?.drain(0);
    this.executor = undefined;
  }

  protected override async start(handlers: ServedHandlers): Promise<void> {
    const { log = silentLog, letGoMs = 50 } = this.options;
    this.executor = new Executor({
      slots: Infinity,
      handlers,
      log,
      letGoMs,
      onProgress: (_execution, _note, onKept) => onKept(),
      onEnded: (execution, outcome) => this.ends.get(execution)?.(outcome),
    });
  }
}
