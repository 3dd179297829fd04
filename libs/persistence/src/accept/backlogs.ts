import { BatonError } from '@baton/contracts';
import { withoutTracing } from '@baton/tracing';
import type { Pool } from 'pg';
import { countBacklog, type QueueDoor } from '../sql/read-queue-doors.sql.js';
import { retrying } from '../transaction/transaction.js';
import type { WakeLog } from '../wake/wake-log.js';

/** A count is taken at most so often, and takes at most a twentieth of the time: a long backlog is counted seldom. */
const everyMs = 1_000;
const share = 20;
const retryAfterSeconds = 5;

/** A queue with its bound. */
export type BoundedQueue = Pick<QueueDoor, 'name' | 'maxBacklog'>;

interface Estimate {
  counted: number;
  /** By this process, since that count began. */
  acceptedSince: number;
  nextAt: number;
  tookMs: number;
  taking: Promise<void> | undefined;
}

/**
 * How much waits in each queue: what was counted last, and what this process has accepted since. Others' posts are seen
 * at the next count, so `maxBacklog` is passed by what all accept in that time at most.
 */
export class Backlogs {
  private readonly estimates = new Map<string, Estimate>();

  constructor(
    private readonly pool: Pool,
    private readonly log: WakeLog,
  ) {}

  /**
   * Enters so many jobs in the estimate.
   * @returns a promise only where the estimate says that there is no room and is old: then it is counted anew
   * @throws BatonError `queue_backlogged`
   */
  enter(queue: BoundedQueue, jobs: number): undefined | Promise<void> {
    const estimate = this.of(queue.name);
    const due = performance.now() >= estimate.nextAt;
    if (fits(queue, estimate, jobs)) {
      // Begun first, so that what is counted is not these.
      if (due)
        this.take(queue, estimate).catch((error: unknown) =>
          this.log('a backlog could not be counted', error as Error),
        );
      estimate.acceptedSince += jobs;
      return undefined;
    }
    // Near the bound a job may be counted and entered too: where a count is cheap, it decides.
    const unsure = estimate.acceptedSince > 0 && estimate.tookMs < everyMs / share;
    if (!due && !estimate.taking && !unsure) throw backlogged(queue, estimate, jobs);
    return this.take(queue, estimate).then(() => {
      if (!fits(queue, estimate, jobs)) throw backlogged(queue, estimate, jobs);
      estimate.acceptedSince += jobs;
    });
  }

  private of(name: string): Estimate {
    let estimate = this.estimates.get(name);
    if (!estimate) {
      estimate = {
        counted: 0,
        acceptedSince: 0,
        nextAt: -Infinity,
        tookMs: 0,
        taking: undefined,
      };
      this.estimates.set(name, estimate);
    }
    return estimate;
  }

  private take(queue: BoundedQueue, estimate: Estimate): Promise<void> {
    return (estimate.taking ??= withoutTracing(() => this.count(queue, estimate)).finally(
      () => (estimate.taking = undefined),
    ));
  }

  private async count(queue: BoundedQueue, estimate: Estimate): Promise<void> {
    const began = performance.now();
    estimate.nextAt = Infinity;
    try {
      const before = estimate.acceptedSince;
      estimate.counted = await retrying(() => countBacklog(this.pool, queue.name, queue.maxBacklog + 1));
      estimate.acceptedSince -= before;
    } finally {
      estimate.tookMs = performance.now() - began;
      estimate.nextAt = began + Math.max(everyMs, share * estimate.tookMs);
    }
  }
}

function fits({ maxBacklog }: BoundedQueue, { counted, acceptedSince }: Estimate, jobs: number): boolean {
  return counted + acceptedSince + jobs <= maxBacklog;
}

function backlogged(
  { name, maxBacklog }: BoundedQueue,
  { counted, acceptedSince }: Estimate,
  jobs: number,
): BatonError {
  const waiting = counted + acceptedSince;
  return new BatonError(
    'queue_backlogged',
    `queue "${name}" has ${waiting} jobs waiting, and takes no ${jobs} more: its maxBacklog is ${maxBacklog}`,
    { retryAfterSeconds },
  );
}
