import type { TakenOffset, TopicPartition } from '@baton/messaging';
import { redeliveries } from '@baton/tracing';
import { releaseKey, type Delivery } from '../execution/delivery.js';
import type { JobEntry } from './job-entry.js';
import { RecentReleases } from './recent-releases.js';

/**
 * The releases of jobs that are in this process. read → (its record's partition is lost before it began) dropped, or
 * → begun → told → ended. Always: of one release there is one entry, however often its record is read.
 */
export class JobEntries {
  private readonly entries = new Map<string, JobEntry>();
  private readonly begun = new Map<string, JobEntry>();
  private readonly recent = new RecentReleases();

  /** @param done called for each reading of a record that needs no more */
  constructor(private readonly done: (queue: string, taken: TakenOffset) => void) {}

  /** @returns nothing for a release that is here, or was lately: this reading only stands beside the first */
  read(delivery: Delivery, bytes: number, taken: TakenOffset): JobEntry | undefined {
    const key = releaseKey(delivery);
    const known = this.entries.get(key);
    if (known || this.recent.has(key)) {
      redeliveries.labels(delivery.queue).inc();
      if (known && !known.told) known.offsets.push(taken);
      else this.done(delivery.queue, taken);
      return undefined;
    }
    const entry: JobEntry = { key, delivery, bytes, told: false, offsets: [taken] };
    this.entries.set(key, entry);
    return entry;
  }

  begin(entry: JobEntry): void {
    this.begun.set(entry.delivery.executionId, entry);
  }

  /** The broker has what lets the release's records be done. */
  told(executionId: string): void {
    const entry = this.begun.get(executionId);
    if (entry) this.finish(entry);
  }

  /** The broker has its last word, or there is none to say. */
  ended(executionId: string): void {
    const entry = this.begun.get(executionId);
    if (!entry) return;
    this.finish(entry);
    this.begun.delete(executionId);
    this.entries.delete(entry.key);
    this.recent.add(entry.key);
  }

  /**
   * Whether a release that has not begun is another worker's now: every record that stands for it was on one of
   * these partitions. Then it is forgotten.
   */
  orphaned(entry: JobEntry, lost: readonly TopicPartition[]): boolean {
    if (this.begun.has(entry.delivery.executionId)) return false;
    entry.offsets = entry.offsets.filter(
      (offset) =>
        !lost.some(({ topic, partition }) => topic === offset.topic && partition === offset.partition),
    );
    if (entry.offsets.length > 0) return false;
    this.entries.delete(entry.key);
    return true;
  }

  private finish(entry: JobEntry): void {
    entry.told = true;
    for (const offset of entry.offsets.splice(0)) this.done(entry.delivery.queue, offset);
  }
}
