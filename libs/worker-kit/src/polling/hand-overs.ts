import type { Offer, SettleReport, Settlement } from '@baton/persistence';
import { uuidv7 } from 'uuidv7';

/** Of so many ends in a row one is left to a claim, which looks at all queues and priorities. */
const endsPerClaim = 17;

export interface HandOverOptions {
  /** Undefined: it takes nothing on now. */
  workerId: () => string | undefined;
  /** How many more jobs may be taken now. */
  free: () => number;
  /** The queue's handler has no bound of its own. */
  unbounded: (queue: string) => boolean;
}

/**
 * What a settle offers, so that a lane's or a gate's next job comes with the answer and need not be claimed: a free slot for
 * each end from which a job may follow, of queues whose last ends have let one go. While the settle is under way no claim
 * takes those slots. idle → offered (`offer`) → idle (`answered`, `failed`).
 */
export class HandOvers {
  /** Slots that are offered now. */
  reserved = 0;
  /** Queues of which the last ends have let another job go. */
  private readonly flowing = new Set<string>();
  private ends = 0;

  constructor(private readonly options: HandOverOptions) {}

  offer(batch: readonly Settlement[]): Offer | undefined {
    const { workerId, free, unbounded } = this.options;
    const id = workerId();
    const ends = batch.filter(
      (said) => endsOne(said) && this.flowing.has(said.queue) && unbounded(said.queue),
    );
    const claims = Math.floor((this.ends + ends.length) / endsPerClaim);
    this.ends = (this.ends + ends.length) % endsPerClaim;
    const slots = Math.min(ends.length - claims, free() - this.reserved);
    if (id === undefined || slots <= 0) return undefined;
    this.reserved += slots;
    const queues = [...new Set(ends.map(({ queue }) => queue))];
    return { workerId: id, queues, executionIds: Array.from({ length: slots }, uuidv7) };
  }

  /** The offer's slots are taken by `report.handed`, or are free again. */
  answered(
    batch: readonly Settlement[],
    { released, handed = [] }: SettleReport,
    offer: Offer | undefined,
  ): void {
    this.failed(offer);
    for (const said of batch) if (endsOne(said)) this.flowing.delete(said.queue);
    for (const { queue } of released) this.flowing.add(queue);
    for (const { queue } of handed) this.flowing.add(queue);
  }

  failed(offer: Offer | undefined): void {
    this.reserved -= offer?.executionIds.length ?? 0;
  }
}

/** A job from whose end another's turn may follow. */
export function mayLetGo({ orderingKey, follows }: Pick<Settlement, 'orderingKey' | 'follows'>): boolean {
  return orderingKey !== undefined || follows === true;
}

const endsOne = (said: Settlement): boolean => said.kind !== 'progress' && mayLetGo(said);
