import type { TerminalOutcome } from '@baton/persistence';
import { type BatchedReader, type SharedWakes } from '@baton/results';

/** Ends that are still to be read; beyond these the watchers are told how many they missed. */
const mostPending = 1_000;
/** Read at once: each has its result with it. */
const atOnce = 100;
/** Ends told last: a job's progress wakes for it too, and may be read when the job has ended. */
const mostTold = 5_000;

interface Watcher {
  tenantId: string;
  queue: string;
  onEnd: (outcome: TerminalOutcome) => void;
  onMissed: (count: number) => void;
}

/**
 * Ends of jobs, queue by queue, as they happen: told to those who watch now, and not kept for those who come later.
 * Nothing is read while nobody watches; after a flood or a gap those who watch are told that they missed some.
 */
export class QueueEnds {
  private readonly watchers = new Set<Watcher>();
  private pending: string[] = [];
  private readonly told = new Set<string>();
  private missed = 0;
  private reading = false;

  constructor(
    private readonly reader: BatchedReader,
    private readonly wakes: SharedWakes,
  ) {}

  async start(): Promise<void> {
    await this.wakes.start({ onWake: (jobIds) => this.onWake(jobIds), onGap: () => this.onGap() });
  }

  /** The connection that hears of ends was made anew: how many were not heard nobody knows. */
  private onGap(): void {
    for (const watcher of this.watchers) watcher.onMissed(1);
  }

  /** @returns what ends the watch */
  watch(watcher: Watcher): () => void {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  private onWake(jobIds: readonly string[]): void {
    if (this.watchers.size === 0) return;
    const room = mostPending - this.pending.length;
    this.pending.push(...jobIds.slice(0, room));
    this.missed += Math.max(0, jobIds.length - room);
    if (!this.reading) void this.readAll();
  }

  private async readAll(): Promise<void> {
    this.reading = true;
    while (this.pending.length > 0) {
      const jobIds = new Set(this.pending.splice(0, atOnce));
      const missed = this.missed;
      this.missed = 0;
      // A failed read is told as missed: nobody waits for it, and the next ends come all the same.
      const found = await Promise.allSettled([...jobIds].map((jobId) => this.reader.read(jobId)));
      const failed = found.filter(({ status }) => status === 'rejected').length;
      for (const each of found)
        if (each.status === 'fulfilled' && each.value?.terminal) this.tell(each.value.outcome);
      if (missed + failed > 0) for (const watcher of this.watchers) watcher.onMissed(missed + failed);
    }
    this.reading = false;
  }

  private tell(outcome: TerminalOutcome): void {
    const end = `${outcome.jobId} ${outcome.cursor}`;
    if (this.told.has(end)) return;
    this.told.add(end);
    const [oldest] = this.told;
    if (this.told.size > mostTold) this.told.delete(oldest!);
    for (const watcher of this.watchers)
      if (watcher.queue === outcome.queue && watcher.tenantId === outcome.tenantId) watcher.onEnd(outcome);
  }
}
