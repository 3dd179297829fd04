import type { Execution } from '../execution/execution.js';
import type { HandlerEnd } from '../execution/judge.js';
import type { Log } from '../log.js';
import { HandlerThread } from './handler-thread.js';
import type { ThreadData } from './thread-messages.js';

export interface ThreadOptions {
  /** Node's own options for each thread; default: those of this process. */
  execArgv?: readonly string[];
}

interface Waiting {
  execution: Execution;
  log: Log;
  resolve: (end: HandlerEnd) => void;
}

/**
 * The threads of one handler: at most `size`, each with one job at a time, made as they are needed and kept. The first
 * is made at once, so that a handler that no thread can run is known when the process starts.
 */
export class ThreadPool {
  private readonly threads = new Set<HandlerThread>();
  private readonly waiting: Waiting[] = [];
  private closed = false;

  constructor(
    private readonly data: ThreadData,
    private readonly size: number,
    private readonly options: ThreadOptions = {},
  ) {}

  /** @throws HandlerSetupError when a thread cannot serve the handler */
  async start(): Promise<void> {
    await this.add().ready;
  }

  /** Runs the handler; waits for a thread where all are at work. */
  run(execution: Execution, log: Log): Promise<HandlerEnd> {
    return new Promise((resolve) => {
      this.waiting.push({ execution, log, resolve });
      this.fill();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.threads].map((thread) => thread.kill()));
  }

  private fill(): void {
    for (const thread of this.threads) if (thread.ended) this.threads.delete(thread);
    while (this.waiting.length > 0 && !this.closed) {
      const thread =
        [...this.threads].find(({ idle }) => idle) ??
        (this.threads.size < this.size ? this.add() : undefined);
      if (!thread) return;
      const { execution, log, resolve } = this.waiting.shift()!;
      if (execution.ended) resolve({ how: 'given_up' });
      else void thread.run(execution, log).then(resolve);
    }
  }

  private add(): HandlerThread {
    const thread = new HandlerThread(this.data, { ...this.options, onIdle: () => this.fill() });
    this.threads.add(thread);
    return thread;
  }
}
