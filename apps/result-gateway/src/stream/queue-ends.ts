import type { TerminalOutcome } from '@baton/persistence';
import { type BatchedReader, type SharedWakes } from '@baton/results';

/** Ends that are still to be read; beyond these the watchers are told how many they missed. */
const mostPending = 1_000;

interface Watcher {
  tenantId: string;
  queue: string;
  onEnd: (outcome: TerminalOutcome) => void;
  onMissed: (count: number) => void;
}

/**
 * Ends of jobs, queue by queue, as they happen: told to those who watch now, and not kept for those who come later.
 * Nothing is read while nobody watches; under a flood those who watch are told that they missed some.
 */
export class QueueEnds {
  private readonly watchers = new Set<Watcher>();
  private pending: string[] = [];
  private missed = 0;
  private reading = false;

  constructor(
    private readonly reader: BatchedReader,
    private readonly wakes: SharedWakes,
  ) {}

  async start(): Promise<void> {
    await this.wakes.start({ onWake: (jobIds) => this.onWake(jobIds), onGap: () => undefined });
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
      const jobIds = this.pending;
      const missed = this.missed;
      [this.pending, this.missed] = [[], 0];
      // A failed read is told as missed: nobody waits for it, and the next ends come all the same.
      const found = await Promise.allSettled(jobIds.map((jobId) => this.reader.read(jobId)));
      const failed = found.filter(({ status }) => status === 'rejected').length;
      for (const each of found)
        if (each.status === 'fulfilled' && each.value?.terminal) this.tell(each.value.outcome);
      if (missed + failed > 0) for (const watcher of this.watchers) watcher.onMissed(missed + failed);
    }
    this.reading = false;
  }

  private tell(outcome: TerminalOutcome): void {
    for (const watcher of this.watchers)
      if (watcher.queue === outcome.queue && watcher.tenantId === outcome.tenantId) watcher.onEnd(outcome);
  }
}
