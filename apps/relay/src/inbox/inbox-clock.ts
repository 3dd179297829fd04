import type { InboxProgress } from '@baton/persistence';

interface Reading {
  /** Records taken and not all before them done, in order. */
  open: { offset: bigint; timestamp: number }[];
  reachedAtMs: number | undefined;
  reachedOffset: bigint;
  deafUntilMs: number | undefined;
  changed: boolean;
  /** When something was last applied, by the monotonic clock. */
  appliedAt: number;
}

/**
 * While workers of a partition own something, it gets a record a second at least (a tick, when nobody speaks). A
 * gap beyond this means that the inbox or the broker stood still, and nobody could be heard.
 */
const longestGapMs = 3_000;

/** The inbox's own clock, a partition: the broker's time of the last record before which all is applied. */
export class InboxClock {
  private readonly partitions = new Map<number, Reading>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Nothing is known of what was heard before: the first record counts as one after a gap. */
  assign(partition: number): void {
    this.partitions.set(partition, {
      open: [],
      reachedAtMs: undefined,
      reachedOffset: -1n,
      deafUntilMs: undefined,
      changed: false,
      appliedAt: this.now(),
    });
  }

  lose(partition: number): void {
    this.partitions.delete(partition);
  }

  /** A record begins to be worked on. */
  read(partition: number, offset: bigint, timestamp: number): void {
    this.partitions.get(partition)?.open.push({ offset, timestamp });
  }

  /** All below `next` is applied. */
  applied(partition: number, next: bigint): void {
    const reading = this.partitions.get(partition);
    if (!reading) return;
    const { open } = reading;
    let count = 0;
    for (; open[count] && open[count]!.offset < next; count++) this.move(reading, open[count]!);
    open.splice(0, count);
  }

  /** Partitions in which nothing was applied for so long. */
  quiet(sinceMs: number): number[] {
    const before = this.now() - sinceMs;
    return [...this.partitions]
      .filter(([, reading]) => reading.appliedAt <= before)
      .map(([partition]) => partition);
  }

  get changed(): boolean {
    return [...this.partitions.values()].some((reading) => reading.changed);
  }

  /** What has moved since it was last taken. */
  take(): InboxProgress[] {
    const moved: InboxProgress[] = [];
    for (const [partition, reading] of this.partitions) {
      if (!reading.changed || reading.reachedAtMs === undefined) continue;
      const { reachedAtMs, reachedOffset, deafUntilMs } = reading;
      moved.push({ partition, reachedAtMs, reachedOffset: Number(reachedOffset), deafUntilMs });
      reading.changed = false;
      reading.deafUntilMs = undefined;
    }
    return moved;
  }

  /** What was taken could not be written. */
  giveBack(progress: readonly InboxProgress[]): void {
    for (const { partition, deafUntilMs } of progress) {
      const reading = this.partitions.get(partition);
      if (!reading) continue;
      reading.changed = true;
      reading.deafUntilMs ??= deafUntilMs;
    }
  }

  private move(reading: Reading, { offset, timestamp }: { offset: bigint; timestamp: number }): void {
    const { reachedAtMs } = reading;
    if (reachedAtMs === undefined || timestamp - reachedAtMs > longestGapMs) reading.deafUntilMs = timestamp;
    reading.reachedAtMs = Math.max(timestamp, reachedAtMs ?? 0);
    reading.reachedOffset = offset;
    reading.changed = true;
    reading.appliedAt = this.now();
  }
}
