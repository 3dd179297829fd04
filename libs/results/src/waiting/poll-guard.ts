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
    const known = this.pollers.get(who);
    const early = known && nowMs < known.notBeforeMs ? known.early + 1 : 0;
    // A tenth earlier is a timer's doing, not a client's.
    this.remember(who, { notBeforeMs: nowMs + retryAfterSeconds * 900, early });
    if (early < warnAfter) return undefined;
    const words =
      `this job was asked for ${early} times before the time that Retry-After gave; ` +
      'keep to it, hold the request with "Prefer: wait=30", or stream GET /v1/results/:id/events';
    if (early < refuseAfter) return words;
    throw new BatonError('rate_limited', words, { retryAfterSeconds });
  }

  private remember(who: string, poller: Poller): void {
    this.pollers.delete(who);
    this.pollers.set(who, poller); // the latest last
    if (this.pollers.size <= mostPollers) return;
    const [oldest] = this.pollers.keys();
    if (oldest !== undefined) this.pollers.delete(oldest);
  }
}
