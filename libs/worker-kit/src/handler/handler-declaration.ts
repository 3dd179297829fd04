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
}

/** What `@JobHandler` says of its method; travels as the extras of Nest's message pattern. */
export interface HandlerDeclaration {
  readonly queue: string;
  /** `Class.method`, for messages. */
  readonly name: string;
  readonly concurrency: number | undefined;
  readonly timeoutMs: number | undefined;
}

const queueName = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** @throws HandlerSetupError naming the handler, the value and what is allowed */
export function declareHandler(queue: string, name: string, options: JobHandlerOptions): HandlerDeclaration {
  if (!queueName.test(queue)) {
    throw new HandlerSetupError(
      `${name} handles queue "${queue}", which is no queue name; allowed: 1 to 63 of a-z, 0-9, "_" and "-", not beginning with "_" or "-"`,
    );
  }
  const { concurrency, timeout } = options;
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new HandlerSetupError(
      `${name} has concurrency ${concurrency}; allowed: a whole number of at least 1`,
    );
  }
  return {
    queue,
    name,
    concurrency,
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
