import { inRootContext } from '@baton/tracing';
import { JobServer } from '../handler/job-server.js';
import type { ServedHandlers } from '../handler/served-handlers.js';
import { EventWorker, type EventOptions } from './event-worker.js';

/** Nest's transport strategy over Kafka: its handlers run the jobs of queues in `event` mode. */
export class EventServer extends JobServer {
  private worker: EventWorker | undefined;

  constructor(private readonly options: EventOptions) {
    super(options);
  }

  /** Whether jobs can arrive and their outcomes be told. */
  get healthy(): boolean {
    return this.worker?.healthy ?? false;
  }

  /** Drains: takes nothing new, ends or hands back what runs. */
  protected override async stop(): Promise<void> {
    await this.worker?.drain();
  }

  protected override async start(handlers: ServedHandlers): Promise<void> {
    const worker = new EventWorker(this.options, handlers);
    this.worker = worker;
    inRootContext(() => worker.start());
  }
}
