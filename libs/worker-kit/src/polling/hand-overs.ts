import type { Offer, SettleReport, Settlement } from '@baton/persistence';
import { uuidv7 } from 'uuidv7';

/** Of so many ends in a row one slot is left to a claim, which looks at all queues and priorities. */
const endsPerClaim = 17;

export interface HandOverOptions {
  /** Undefined: it takes nothing on now. */
  workerId: () => string | undefined;
  /** How many more jobs may run now. */
  free: () => number;
  /** The queue's handler has no bound of its own. */
  unbounded: (queue: string) => boolean;
}

/**
 * What a settle offers, so that a lane's or a gate's next job comes with the answer and need not be claimed: the slot in which
 * a job ran, of queues whose last ends have let one go. A slot is kept from the job's end until its settle is answered, and
 * taken by no claim meanwhile: ended (`ended`) → offered (`offer`) → filled or free (`answered`).
 */
export class HandOvers {
  /** Ended executions whose slots are kept. */
  private readonly kept = new Set<string>();
  /** Queues of which the last ends have let another job go. */
  private readonly flowing = new Set<string>();
  private ends = 0;

  constructor(private readonly options: HandOverOptions) {}

  /** Slots that no claim may take now. */
  get reserved(): number {
    return this.kept.size;
  }

  /** Its job runs no more, and the settle is still to come. */
  ended(said: Settlement): void {
    if (!endsOne(said) || !this.flowing.has(said.queue) || !this.options.unbounded(said.queue)) return;
    this.ends = (this.ends + 1) % endsPerClaim;
    if (this.ends > 0) this.kept.add(said.executionId);
  }

  offer(batch: readonly Settlement[]): Offer | undefined {
    const { workerId, free } = this.options;
    const id = workerId();
    const kept = batch.filter((said) => this.keeps(said));
    const slots = Math.min(kept.length, free());
    if (id === undefined || slots <= 0) return undefined;
    const queues = [...new Set(kept.map(({ queue }) => queue))];
    return { workerId: id, queues, executionIds: Array.from({ length: slots }, uuidv7) };
  }

  /** What `report` has settled keeps its slot no longer: it is taken by `report.handed`, or is free. */
  answered({ settled, released, handed = [] }: SettleReport): void {
    for (const { settlement, verdict } of settled) if (verdict !== 'busy') this.forget(settlement);
    for (const { queue } of released) this.flowing.add(queue);
    for (const { queue } of handed) this.flowing.add(queue);
  }

  /** It is settled, or never will be. */
  forget(said: Settlement): void {
    if (!endsOne(said)) return;
    this.kept.delete(said.executionId);
    this.flowing.delete(said.queue);
  }

  private keeps(said: Settlement): boolean {
    return endsOne(said) && this.kept.has(said.executionId);
  }
}

/** A job from whose end another's turn may follow. */
export function mayLetGo({ orderingKey, follows }: Pick<Settlement, 'orderingKey' | 'follows'>): boolean {
  return orderingKey !== undefined || follows === true;
}

const endsOne = (said: Settlement): boolean => said.kind !== 'progress' && mayLetGo(said);
