import { availableParallelism } from 'node:os';
import { limits, parseDuration, formatDuration } from '@baton/contracts';
import type { PayloadSchema } from './payload-schema.js';
import { HandlerSetupError } from './handler-setup.error.js';

export interface JobHandlerOptions {
  /** How many jobs of this queue one worker process runs at once. Default: as many as it has slots. */
  concurrency?: number;
  /** Bound of one attempt, a duration (`"30s"`) or milliseconds; the job's own timeout holds too, the shorter wins. */
  timeout?: string | number;
  /**
   * What a payload must be: any Standard Schema, such as zod's. What the schema gives is what the handler gets; a
   * payload that it refuses makes the job dead at once, since no retry would change it.
   */
  payload?: PayloadSchema;
  /**
   * `thread: import.meta.url` runs the handler in worker threads, for work that keeps the CPU busy: the process's own
   * event loop, and with it its heartbeat and every other handler, goes on. Each thread loads that module, which exports
   * the controller with all that it injects, and runs one job at a time; there are as many as `concurrency` says, by
   * default one less than the machine has cores.
   */
  thread?: string;
}

/** What `@JobHandler` says of its method; travels as the extras of Nest's message pattern. */
export interface HandlerDeclaration {
  readonly queue: string;
  /** `Class.method`, for messages. */
  readonly name: string;
  readonly concurrency: number | undefined;
  readonly timeoutMs: number | undefined;
  /** URL of the module that its threads load. */
  readonly thread: string | undefined;
}

const queueName = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** @throws HandlerSetupError naming the handler, the value and what is allowed */
export function declareHandler(queue: string, name: string, options: JobHandlerOptions): HandlerDeclaration {
  if (!queueName.test(queue)) {
    throw new HandlerSetupError(
      `${name} handles queue "${queue}", which is no queue name; allowed: 1 to 63 of a-z, 0-9, "_" and "-", not beginning with "_" or "-"`,
    );
  }
  const { concurrency, timeout, thread } = options;
  if (thread !== undefined && !thread.startsWith('file:')) {
    throw new HandlerSetupError(
      `${name} has thread ${JSON.stringify(thread)}; allowed: the URL of the module that exports it, import.meta.url`,
    );
  }
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new HandlerSetupError(
      `${name} has concurrency ${concurrency}; allowed: a whole number of at least 1`,
    );
  }
  return {
    queue,
    name,
    concurrency: concurrency ?? (thread === undefined ? undefined : Math.max(1, availableParallelism() - 1)),
    thread,
    timeoutMs: timeout === undefined ? undefined : timeoutOf(timeout, name),
  };
}

function timeoutOf(timeout: string | number, name: string): number {
  const ms = parseDuration(timeout);
  if (ms === undefined || ms < 1 || ms > limits.timeoutMs) {
    const longest = formatDuration(limits.timeoutMs);
    throw new HandlerSetupError(
      `${name} has timeout ${JSON.stringify(timeout)}; allowed: a duration of at most ${longest}, such as "30s"`,
    );
  }
  return ms;
}
