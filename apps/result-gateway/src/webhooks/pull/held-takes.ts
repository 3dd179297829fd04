import { limits, timing } from '@baton/contracts';
import { KeyHolds } from '@baton/results';
import { Injectable } from '@nestjs/common';

/** Looks that follow one another are this far apart, so that a flood of words costs a look now and then. */
const apartMs = 50;

/**
 * Requests that are held until there is something for them to take. A word that deliveries were noted, or a while, makes
 * each look again; a drain lets all go.
 */
@Injectable()
export class HeldTakes {
  private readonly holds = new KeyHolds({
    most: limits.waitingPerKey,
    what: 'held takes of webhook deliveries',
    instead: 'One client for each endpoint is enough',
  });
  private readonly sleepers = new Set<() => void>();
  private words = 0;
  private closed = false;

  wake(): void {
    this.words++;
    for (const wake of [...this.sleepers]) wake();
  }

  /** Lets everyone go with what there is, so that they come again elsewhere. */
  drain(): void {
    this.closed = true;
    this.wake();
  }

  /**
   * Looks until something is found or the time is over.
   * @param options.signal aborts when the client has gone: nothing more is taken for it
   * @throws BatonError `too_many_waiting`
   */
  async until<T>(
    look: () => Promise<T[]>,
    { holder, ms, signal }: { holder: string; ms: number; signal: AbortSignal },
  ): Promise<T[]> {
    const giveBack = this.holds.take(holder);
    const deadline = performance.now() + ms;
    try {
      for (;;) {
        const heard = this.words;
        const found = await look();
        const leftMs = deadline - performance.now();
        if (found.length > 0 || leftMs <= 0 || this.closed || signal.aborted) return found;
        await new Promise((resolve) => setTimeout(resolve, Math.min(apartMs, leftMs)));
        // What was told since the look began is looked for at once.
        if (heard === this.words) await this.sleep(Math.min(leftMs, timing.sweepMs / 10), signal);
        if (signal.aborted) return [];
      }
    } finally {
      giveBack();
    }
  }

  private async sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (this.closed || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.sleepers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.sleepers.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}
