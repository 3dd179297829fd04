import type { FieldError } from '@baton/contracts';
import { Backlogs, queueDraining } from '@baton/persistence';
import { payloadInvalid } from '@baton/service';
import { Inject, Injectable } from '@nestjs/common';
import { KnownQueues, type KnownQueue } from './known-queues.js';

/** A job as the door looks at it. */
export interface Arriving {
  queue: string;
  payload?: unknown;
}

/** What a request must pass before any of its jobs is accepted. */
@Injectable()
export class QueueDoor {
  constructor(
    @Inject(KnownQueues) private readonly known: KnownQueues,
    @Inject(Backlogs) private readonly backlogs: Backlogs,
  ) {}

  /**
   * Each queue is known, takes new jobs, has room for these, and their payloads fit its schema.
   * @param pathOf where a job's payload stands in the request
   * @returns undefined, at once, where nothing has to be asked
   * @throws BatonError `unknown_queue`, `state_conflict` (it drains), `payload_invalid`, `queue_backlogged`
   */
  enter(jobs: readonly Arriving[], pathOf: (index: number) => string): undefined | Promise<void> {
    const known = this.known.require(new Set(jobs.map((job) => job.queue)));
    return known instanceof Promise
      ? known.then((queues) => this.pass(queues, jobs, pathOf))
      : this.pass(known, jobs, pathOf);
  }

  /**
   * Of a payload that is kept for later: its queue is known, and it fits its schema.
   * @throws BatonError `unknown_queue`, `payload_invalid`
   */
  async fits({ queue: name, payload }: Arriving): Promise<void> {
    const queue = (await this.known.require([name])).get(name)!;
    const faults = faultsOf(queue, payload, 'payload');
    if (faults.length > 0) throw payloadInvalid(name, faults);
  }

  private pass(
    queues: ReadonlyMap<string, KnownQueue>,
    jobs: readonly Arriving[],
    pathOf: (index: number) => string,
  ): undefined | Promise<void> {
    const counts = new Map<KnownQueue, number>();
    const faults: FieldError[] = [];
    let faulty = '';
    for (const [i, job] of jobs.entries()) {
      const queue = queues.get(job.queue)!;
      counts.set(queue, (counts.get(queue) ?? 0) + 1);
      const own = queue.check ? faultsOf(queue, job.payload, pathOf(i)) : [];
      if (own.length > 0) faulty ||= queue.name;
      faults.push(...own);
    }
    for (const queue of counts.keys()) if (queue.draining) throw queueDraining(queue.name);
    if (faults.length > 0) throw payloadInvalid(faulty, faults.slice(0, mostFaults));
    const asked = [...counts].flatMap(([queue, count]) => this.backlogs.enter(queue, count) ?? []);
    return asked.length > 0 ? Promise.all(asked).then(() => undefined) : undefined;
  }
}

const mostFaults = 100;

function faultsOf({ check }: KnownQueue, payload: unknown, place: string): FieldError[] {
  const faults = check?.(payload ?? null) ?? [];
  return faults.map(({ path, message }) => ({ path: path === '' ? place : `${place}.${path}`, message }));
}
