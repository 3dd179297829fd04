import { isTerminal, type JobState } from '@baton/contracts';

/** How many of a queue's latest ends are remembered, and of how many queues. */
const mostEnds = 64;
const mostQueues = 10_000;
const bounds = { least: 1, most: 60 };

/** What is known of a job that is not finished. Times are milliseconds since the epoch. */
export interface Unfinished {
  queue: string;
  state: JobState;
  runAtMs?: number | null | undefined;
  /** When it was last released to run. */
  queuedAtMs?: number | null | undefined;
}

/**
 * Learns, from the ends that this process tells of, how long the jobs of a queue take from their release to their end,
 * and says after how long a client should look again: when the median job would be done; for one that takes longer, when
 * nine of ten would be; then ever later, by half of what it has waited. So most clients ask twice, and no job is asked for
 * each second for an hour, even where nothing is learned yet.
 */
export class RetryLearner {
  private readonly tookMs = new Map<string, number[]>();

  /** @param tookMs from its release to its end */
  observe(queue: string, tookMs: number): void {
    const ends = this.tookMs.get(queue) ?? [];
    ends.push(Math.max(0, tookMs));
    if (ends.length > mostEnds) ends.shift();
    this.tookMs.delete(queue);
    this.tookMs.set(queue, ends); // the latest last
    if (this.tookMs.size <= mostQueues) return;
    const [oldest] = this.tookMs.keys();
    if (oldest !== undefined) this.tookMs.delete(oldest);
  }

  /** Times are milliseconds since the epoch; a job that was cancelled before its release tells nothing. */
  observeEnd(job: {
    queue: string;
    queuedAtMs?: number | null | undefined;
    finishedAtMs: number | null;
  }): void {
    const { queue, queuedAtMs, finishedAtMs } = job;
    if (queuedAtMs != null && finishedAtMs !== null) this.observe(queue, finishedAtMs - queuedAtMs);
  }

  /** @returns whole seconds, 1 to 60 */
  retryAfterSeconds(job: Unfinished, nowMs: number): number {
    return Math.min(bounds.most, Math.max(bounds.least, Math.ceil(this.leftMs(job, nowMs) / 1_000)));
  }

  private leftMs({ queue, state, runAtMs, queuedAtMs }: Unfinished, nowMs: number): number {
    if (isTerminal(state)) return 0;
    const ends = [...(this.tookMs.get(queue) ?? [])].sort((a, b) => a - b);
    const median = quantile(ends, 0.5);
    const due = state === 'scheduled' && runAtMs != null ? Math.max(0, runAtMs - nowMs) : 0;
    if (state === 'scheduled' || state === 'held' || queuedAtMs == null) return due + median;
    const waited = Math.max(0, nowMs - queuedAtMs);
    if (waited < median) return median - waited;
    const slow = quantile(ends, 0.9);
    return waited < slow ? slow - waited : waited / 2;
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
