import type { JobEntry } from './job-entry.js';

/**
 * Jobs of one topic that are read and not yet begun, in the order in which they were read.
 * open → full (so many records or bytes wait) → open (half of it).
 */
export class WaitingTopic {
  private entries: JobEntry[] = [];
  private head = 0;
  private bytes = 0;
  full = false;

  constructor(
    readonly topic: string,
    private readonly most: { records: number; bytes: number },
  ) {}

  get size(): number {
    return this.entries.length - this.head;
  }

  peek(): JobEntry | undefined {
    return this.entries[this.head];
  }

  push(entry: JobEntry): void {
    this.entries.push(entry);
    this.bytes += entry.bytes;
    if (this.size >= this.most.records || this.bytes >= this.most.bytes) this.full = true;
  }

  shift(): void {
    const entry = this.entries[this.head++];
    if (!entry) return;
    this.bytes -= entry.bytes;
    if (this.head > 1024 && this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
    this.ease();
  }

  /** Drops those that `gone` names. */
  drop(gone: (entry: JobEntry) => boolean): void {
    this.entries = this.entries.slice(this.head).filter((entry) => !gone(entry));
    this.head = 0;
    this.bytes = this.entries.reduce((sum, entry) => sum + entry.bytes, 0);
    this.ease();
  }

  private ease(): void {
    if (this.size <= this.most.records / 2 && this.bytes <= this.most.bytes / 2) this.full = false;
  }
}
