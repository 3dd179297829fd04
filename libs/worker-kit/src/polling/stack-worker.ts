import { channels } from '@baton/contracts';
import { Database, Notifier } from '@baton/persistence';
import type { ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { JobEnqueuer } from '../handler/job-enqueuer.js';
import { RethrowFilter } from '../handler/rethrow.filter.js';
import type { Log } from '../log.js';
import { PollingServer } from './polling-server.js';
import { silentLog } from '../testing/silent-log.js';
import { withEnqueuer } from '../testing/with-enqueuer.js';

export interface StackWorkerOptions {
  /** Of the stack, as `.baton/local.json` names it. */
  databaseUrl: string;
  /** By which handlers post jobs: a `BatonClient`, so that they are real ones too. */
  jobs: JobEnqueuer;
  /** Default 10. */
  concurrency?: number;
  log?: Log;
}

const applicationName = 'baton-stack-worker';

/**
 * A worker in the test's own process, on a stack that runs: jobs that are posted to its handlers' queues (in `polling`
 * mode) come through PostgreSQL, with retries, limits and lanes, and breakpoints and the test's providers hold.
 */
export class StackWorker {
  private constructor(private readonly parts: readonly { close(): Promise<unknown> }[]) {}

  /** Resolves when it may claim. @throws HandlerSetupError when the handlers cannot be served as they are declared */
  static async start(
    module: ModuleMetadata,
    { databaseUrl, jobs, concurrency = 10, log = silentLog }: StackWorkerOptions,
  ): Promise<StackWorker> {
    const database = await Database.open(databaseUrl, { applicationName, max: 4, plansOnce: true });
    const notifier = new Notifier(databaseUrl, {
      applicationName,
      log: (message, err) => log.warn({ err }, message),
    });
    const wake = async (jobIds: readonly string[]): Promise<void> => {
      for (const jobId of jobIds) notifier.wake(channels.outcomes, jobId);
    };
    const feed = {
      publish: (ends: readonly { jobId: string }[]) => wake(ends.map(({ jobId }) => jobId)),
      wake,
    };
    const parts = [notifier, database];
    try {
      const options = { database, notifier, feed, log, concurrency, graceMs: 0, applicationName };
      const strategy = new PollingServer({ ...options, threads: 'none' });
      const app = await NestFactory.createMicroservice(withEnqueuer(module, jobs), {
        strategy,
        logger: false,
        abortOnError: false,
      });
      app.useGlobalFilters(new RethrowFilter());
      await app.listen();
      return new StackWorker([app, ...parts]);
    } catch (error) {
      for (const part of parts) await part.close();
      throw error;
    }
  }

  /** Hands back what runs, and leaves. */
  async close(): Promise<void> {
    for (const part of this.parts) await part.close();
  }
}
