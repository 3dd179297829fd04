import type { PayloadOf } from '@baton/contracts';

/** What a handler may say of a job that it posts; the client's own options have these among others. */
export interface EnqueueFromHandler {
  priority?: 'high' | 'normal' | 'low';
  /** A duration such as `"5m"`, or milliseconds. */
  delay?: string | number;
  orderingKey?: string;
  maxAttempts?: number;
  /** The same at each attempt makes one job of it: `${context.idempotencyKey}:invoice`. */
  idempotencyKey?: string;
}

/**
 * By this a handler posts further jobs: it injects it, and so does not know whether it is in a test. In a worker it is
 * `@baton/client`'s BatonClient (`{ provide: JobEnqueuer, useFactory: () => new BatonClient({ url, apiKey }) }`), in a
 * JobTester a list of what was posted.
 */
export abstract class JobEnqueuer {
  /** @returns once the job is accepted */
  abstract enqueue<Queue extends string>(
    queue: Queue,
    payload: PayloadOf<Queue>,
    options?: EnqueueFromHandler,
  ): Promise<{ readonly id: string }>;
}
