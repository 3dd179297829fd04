import { limits } from '@baton/contracts';
import type { Standing } from '@baton/persistence';
import { wakes } from '@baton/tracing';
import type { OutcomeWakes } from '../outcome-feed.js';
import type { BatchedReader } from './batched-reader.js';
import { KeyHolds } from './key-holds.js';

/** How often those who wait are looked after although nothing woke them; milliseconds. */
const sweepMs = 10_000;

interface Waiter {
  /** Looks at the job, and ends the wait where it is terminal. */
  look: () => Promise<void>;
  /** Ends the wait with what is known. */
  leave: () => void;
}

/**
 * Holds requests until their jobs are terminal. A waiter enters before it looks, so that no wake-up falls between;
 * it leaves when its job has ended, its time is over, its client is gone, or the service drains. Wake-ups are
 * hints: after a gap everyone looks, and a slow sweep runs while anyone waits.
 */
export class WaitingRoom {
  private readonly byJob = new Map<string, Set<Waiter>>();
  private readonly holds = new KeyHolds({
    most: limits.waitingPerKey,
    what: 'held requests',
    instead: 'Use fewer, or stream events',
  });
  private sweep: NodeJS.Timeout | undefined;
  private closed = false;
  private started: Promise<void> | undefined;

  constructor(
    private readonly reader: BatchedReader,
    private readonly wake: OutcomeWakes,
  ) {}

  /** Begins to hear of ends; the first who waits does so too. */
  start(): Promise<void> {
    this.started ??= this.wake.start({
      onWake: (jobIds) => this.onWake(jobIds),
      onGap: () => void this.lookForAll(),
    });
    return this.started;
  }

  /**
   * @param options.tenantId whose job it must be; a foreign one is unknown
   * @param options.holder whose limit of held requests the wait counts against
   * @param options.signal aborts when the client has gone
   * @returns where the job stands at the end of the wait; undefined when it is unknown
   * @throws BatonError `too_many_waiting`, `unavailable`
   */
  async wait(
    jobId: string,
    { tenantId, holder, ms, signal }: { tenantId: string; holder: string; ms: number; signal: AbortSignal },
  ): Promise<Standing | undefined> {
    const giveBack = this.holds.take(holder);
    // Not awaited: whoever waits looks for himself first, and again when it is heard.
    void this.start();
    try {
      const standing = await this.hold(jobId, { tenantId, ms, signal });
      return standing && tenantOf(standing) === tenantId ? standing : undefined;
    } finally {
      giveBack();
    }
  }

  /** Lets everyone go at once, with what is known, so that they come again elsewhere. */
  drain(): void {
    this.closed = true;
    for (const waiters of this.byJob.values()) for (const waiter of waiters) waiter.leave();
  }

  async close(): Promise<void> {
    this.drain();
    clearInterval(this.sweep);
    await this.wake.close();
  }

  private hold(
    jobId: string,
    { tenantId, ms, signal }: { tenantId: string; ms: number; signal: AbortSignal },
  ): Promise<Standing | undefined> {
    return new Promise((resolve, reject) => {
      let last: Standing | undefined;
      let looked = false;
      let leaving = false;
      const waiter: Waiter = {
        look: async () => {
          try {
            last = await this.reader.read(jobId);
            looked = true;
            if (!last || last.terminal || tenantOf(last) !== tenantId || leaving || this.closed) finish();
          } catch (error) {
            finish(error as Error);
          }
        },
        // Nobody leaves before the first look: what is not known yet is not unknown.
        leave: () => {
          leaving = true;
          if (looked) finish();
        },
      };
      const timer = setTimeout(waiter.leave, ms);
      const finish = (error?: Error): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', waiter.leave);
        this.remove(jobId, waiter);
        if (error) reject(error);
        else resolve(last);
      };
      signal.addEventListener('abort', waiter.leave);
      this.add(jobId, waiter);
      void waiter.look();
    });
  }

  private onWake(jobIds: readonly string[]): void {
    for (const jobId of jobIds) {
      const waiters = this.byJob.get(jobId);
      if (!waiters) continue;
      wakes.labels('notify').inc();
      for (const waiter of waiters) void waiter.look();
    }
  }

  /** Looks after those who wait, and at the wake-ups themselves: a connection may be silently deaf. */
  private sweepNow(): void {
    void this.wake.probe();
    void this.lookForAll();
  }

  private async lookForAll(): Promise<void> {
    const all = [...this.byJob.values()].flatMap((waiters) => [...waiters]);
    if (all.length > 0) wakes.labels('sweep').inc(all.length);
    await Promise.all(all.map((waiter) => waiter.look()));
  }

  private add(jobId: string, waiter: Waiter): void {
    const waiters = this.byJob.get(jobId) ?? new Set();
    this.byJob.set(jobId, waiters.add(waiter));
    this.sweep ??= setInterval(() => this.sweepNow(), sweepMs);
  }

  private remove(jobId: string, waiter: Waiter): void {
    const waiters = this.byJob.get(jobId);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.byJob.delete(jobId);
    if (this.byJob.size > 0) return;
    clearInterval(this.sweep);
    this.sweep = undefined;
  }
}

export function tenantOf(standing: Standing): string {
  return standing.terminal ? standing.outcome.tenantId : standing.tenantId;
}
