import type { AssignedPartition } from './broker-consumer.js';
import { partitionKey, type TopicPartition } from './broker-records.js';
import { PartitionOffsets } from './partition-offsets.js';

export interface OffsetTrackerOptions {
  /** A partition is full when its span reaches this many records, until the span is down to half. Default 2,000. */
  highWaterMark?: number;
}

/** Given by `take`, handed back to `done`: names one reading of a record. */
export interface TakenOffset extends TopicPartition {
  readonly offset: bigint;
  readonly epoch: number;
}

export interface CommittableOffset extends TopicPartition {
  readonly offset: bigint;
}

interface Held {
  readonly topicPartition: TopicPartition;
  readonly epoch: number;
  readonly offsets: PartitionOffsets;
  committed: bigint | undefined;
  full: boolean;
}

/**
 * Which records of a consumer are taken, which are done, and what may be committed, where records
 * finish in any order.
 *
 * A partition is held from `assign` until `lose`. `take` opens a record, `done` closes it.
 * Always: what may be committed is the lowest unfinished offset, and never falls while the partition
 * is held; a `done` for an earlier holding changes nothing. Offsets that were never taken (compacted
 * away, control records) are passed over.
 */
export class OffsetTracker {
  private readonly held = new Map<string, Held>();
  private readonly highWaterMark: number;
  private epochs = 0;

  constructor(options: OffsetTrackerOptions = {}) {
    this.highWaterMark = options.highWaterMark ?? 2_000;
    if (!Number.isInteger(this.highWaterMark) || this.highWaterMark < 1) {
      throw new RangeError(
        `highWaterMark is ${this.highWaterMark}; it must be a whole number of at least 1.`,
      );
    }
  }

  /** A kept partition keeps what is in flight, so that its second reading is skipped; any other begins afresh. */
  assign(partition: Pick<AssignedPartition, 'topic' | 'partition' | 'committed' | 'kept'>): void {
    const { topic, committed } = partition;
    const key = partitionKey(partition);
    const before = this.held.get(key);
    if (before && partition.kept) {
      if (committed !== undefined) {
        before.offsets.raise(committed);
        before.committed = committed;
        this.measure(before);
      }
      return;
    }
    this.epochs += 1;
    this.held.set(key, {
      topicPartition: { topic, partition: partition.partition },
      epoch: this.epochs,
      offsets: new PartitionOffsets(committed),
      committed,
      full: false,
    });
  }

  lose(partition: TopicPartition): void {
    this.held.delete(partitionKey(partition));
  }

  /** `undefined`: not to be run, since it is in flight or done, or the partition is not held. */
  take(partition: TopicPartition, offset: bigint): TakenOffset | undefined {
    const held = this.held.get(partitionKey(partition));
    if (!held?.offsets.take(offset)) return undefined;
    this.measure(held);
    return { ...held.topicPartition, offset, epoch: held.epoch };
  }

  /** `false`: it changed nothing (done before, or its partition was lost since). */
  done(taken: TakenOffset): boolean {
    const held = this.held.get(partitionKey(taken));
    if (held?.epoch !== taken.epoch || !held.offsets.finish(taken.offset)) return false;
    this.measure(held);
    return true;
  }

  /** The lowest unfinished offset; `undefined` while the partition is not held or nothing is known of it. */
  committable(partition: TopicPartition): bigint | undefined {
    return this.held.get(partitionKey(partition))?.offsets.committable();
  }

  /** Every held partition whose committable offset is past what was committed. */
  uncommitted(): CommittableOffset[] {
    const due: CommittableOffset[] = [];
    for (const { topicPartition, offsets, committed } of this.held.values()) {
      const offset = offsets.committable();
      if (offset !== undefined && (committed === undefined || offset > committed))
        due.push({ ...topicPartition, offset });
    }
    return due;
  }

  /** The broker has acknowledged this commit. */
  committed({ offset, ...partition }: CommittableOffset): void {
    const held = this.held.get(partitionKey(partition));
    if (held && (held.committed === undefined || offset > held.committed)) held.committed = offset;
  }

  /** Records of the partition that no commit can pass yet; 0 when it is not held. */
  span(partition: TopicPartition): number {
    return this.held.get(partitionKey(partition))?.offsets.span() ?? 0;
  }

  /** Whether its fetches should pause: set at the high-water mark, cleared at half of it. */
  isFull(partition: TopicPartition): boolean {
    return this.held.get(partitionKey(partition))?.full ?? false;
  }

  unfinished(): number {
    let sum = 0;
    for (const { offsets } of this.held.values()) sum += offsets.unfinished();
    return sum;
  }

  private measure(held: Held): void {
    const span = held.offsets.span();
    held.full = span >= this.highWaterMark || (held.full && span > this.highWaterMark / 2);
  }
}
