import { withoutTracing } from '@baton/tracing';
import { JobServer } from '../handler/job-server.js';
import type { ServedHandlers } from '../handler/served-handlers.js';
import { PollingWorker, type PollingOptions } from './polling-worker.js';

/** Nest's transport strategy over PostgreSQL: its handlers run the jobs of queues in `polling` mode. */
export class PollingServer extends JobServer {
  private worker: PollingWorker | undefined;

  constructor(private readonly options: PollingOptions) {
    super(options);
  }

  /** Whether wake-ups can arrive. */
  get healthy(): boolean {
    return this.worker?.healthy ?? false;
  }

  /** Drains: takes nothing new, ends or hands back what runs. */
  protected override async stop(): Promise<void> {
    await this.worker?.drain();
  }

  protected override async start(handlers: ServedHandlers): Promise<void> {
    const worker = new PollingWorker(this.options, handlers);
    this.worker = worker;
    // Its statements would otherwise each be a trace of its own; spans of jobs carry their own context.
    await withoutTracing(() => worker.start());
  }
}
