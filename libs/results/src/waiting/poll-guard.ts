import { BatonError } from '@baton/contracts';

/** Of clients that ask again before they were told to: from here on they are told, and from there on refused. */
const warnAfter = 5;
const refuseAfter = 30;
const mostPollers = 10_000;

interface Poller {
  /** Before which it was told not to come. */
  notBeforeMs: number;
  early: number;
}

/**
 * Guards against polling at a fixed pace, whatever `Retry-After` said: a client that comes too early again and again for
 * one job is told what to do instead, and then made to wait. Who keeps to what he was told is forgiven.
 */
export class PollGuard {
  private readonly pollers = new Map<string, Poller>();

  /**
   * A poll that found nothing new.
   * @param who holds one key and one job @param retryAfterSeconds when it should come again
   * @returns words of advice, where there is cause @throws BatonError `rate_limited`
   */
  pending(who: string, retryAfterSeconds: number, nowMs: number): string | undefined {
    const { early, words } = this.count(who, retryAfterSeconds, nowMs);
    if (early >= refuseAfter) throw new BatonError('rate_limited', words!, { retryAfterSeconds });
    return words;
  }

  /** The same, and never refused: for what people and tools look at, too. */
  looked(who: string, retryAfterSeconds: number, nowMs: number): string | undefined {
    return this.count(who, retryAfterSeconds, nowMs).words;
  }

  private count(
    who: string,
    retryAfterSeconds: number,
    nowMs: number,
  ): { early: number; words: string | undefined } {
    const known = this.pollers.get(who);
    const early = known && nowMs < known.notBeforeMs ? known.early + 1 : 0;
    // A tenth earlier is a timer's doing, not a client's.
    this.remember(who, { notBeforeMs: nowMs + retryAfterSeconds * 900, early });
    const words =
      early < warnAfter
        ? undefined
        : `this job was asked for ${early} times before the time that Retry-After gave; ` +
          'keep to it, hold the request with "Prefer: wait=30", or stream GET /v1/results/:id/events';
    return { early, words };
  }

  private remember(who: string, poller: Poller): void {
    this.pollers.delete(who);
    this.pollers.set(who, poller); // the latest last
    if (this.pollers.size <= mostPollers) return;
    const [oldest] = this.pollers.keys();
    if (oldest !== undefined) this.pollers.delete(oldest);
  }
}
