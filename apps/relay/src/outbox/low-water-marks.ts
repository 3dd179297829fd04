import type { OutboxPosition, OutboxRow, OutboxTopic } from '@baton/persistence';

/**
 * How long a deleted id stays above the mark. A transaction that commits a little later than one with a higher id
 * is then still found by an ordinary look; a later one, by the regular look from 0.
 */
const trailMs = 250;

interface Mark {
  low: number;
  /** Becomes `low` when it is old enough. */
  next: number;
  nextAt: number;
  latest: number;
}

/**
 * Where looks into one topic's rows begin, a shard: above ids that are known to be deleted, so that a look does
 * not step over their dead index entries while VACUUM cannot remove them.
 */
export class LowWaterMarks {
  private readonly marks = new Map<number, Mark>();

  constructor(
    private readonly topic: OutboxTopic,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** All rows of these shards up to the highest of these, as far as they were ever seen, are deleted. */
  deleted(rows: readonly Pick<OutboxRow, 'shard' | 'id'>[]): void {
    const now = this.now();
    for (const { shard, id } of rows) {
      const mark = this.marks.get(shard);
      if (!mark) this.marks.set(shard, { low: 0, next: id, nextAt: now, latest: id });
      else if (id > mark.latest) mark.latest = id;
    }
  }

  positions(shards: readonly number[]): OutboxPosition[] {
    return shards.map((shard) => ({ ...this.topic, shard, low: this.low(shard) }));
  }

  /** Another may have led the shard meanwhile: nothing is known of it. */
  forget(shards: readonly number[]): void {
    for (const shard of shards) this.marks.delete(shard);
  }

  private low(shard: number): number {
    const mark = this.marks.get(shard);
    if (!mark) return 0;
    const now = this.now();
    if (now - mark.nextAt >= trailMs) {
      mark.low = mark.next;
      mark.next = mark.latest;
      mark.nextAt = now;
    }
    return mark.low;
  }
}
