import { BatonError } from '@baton/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { Backlogs } from './backlogs.js';
import { KnownQueues, type KnownQueue } from './known-queues.js';

/** A job as the door looks at it. */
export interface Arriving {
  queue: string;
}

/** What a request must pass before any of its jobs is accepted. */
@Injectable()
export class QueueDoor {
  constructor(
    @Inject(KnownQueues) private readonly known: KnownQueues,
    @Inject(Backlogs) private readonly backlogs: Backlogs,
  ) {}

  /**
   * Each queue is known, takes new jobs, and has room for these.
   * @returns undefined, at once, where nothing has to be asked
   * @throws BatonError `unknown_queue`, `state_conflict` (it drains), `queue_backlogged`
   */
  enter(jobs: readonly Arriving[]): undefined | Promise<void> {
    const known = this.known.require(new Set(jobs.map((job) => job.queue)));
    return known instanceof Promise
      ? known.then((queues) => this.pass(queues, jobs))
      : this.pass(known, jobs);
  }

  private pass(
    queues: ReadonlyMap<string, KnownQueue>,
    jobs: readonly Arriving[],
  ): undefined | Promise<void> {
    const counts = new Map<KnownQueue, number>();
    for (const job of jobs) {
      const queue = queues.get(job.queue)!;
      counts.set(queue, (counts.get(queue) ?? 0) + 1);
    }
    for (const queue of counts.keys()) if (queue.draining) throw draining(queue.name);
    const asked = [...counts].flatMap(([queue, count]) => this.backlogs.enter(queue, count) ?? []);
    return asked.length > 0 ? Promise.all(asked).then(() => undefined) : undefined;
  }
}

function draining(queue: string): BatonError {
  return new BatonError(
    'state_conflict',
    `queue "${queue}" is draining and takes no new jobs; POST /v1/queues/${queue}/resume ends that`,
  );
}
