/** Nothing here is finer; it bounds how often the alarm can ring. */
const leastMs = 5;
/** Node fires a timer of over 24.8 days at once. */
const mostMs = 3_600_000;

/**
 * One timer for the deadlines of many: it rings at the earliest time that was asked for, and `ring` says when next.
 * Times are those of `performance.now()`; `Infinity` is never.
 */
export class Alarm {
  private timer: NodeJS.Timeout | undefined;
  private at = Infinity;

  constructor(private readonly ring: (now: number) => number) {}

  /** Rings at this time at the latest. */
  by(at: number): void {
    if (at >= this.at) return;
    clearTimeout(this.timer);
    this.at = at;
    const delay = Math.min(mostMs, Math.max(leastMs, at - performance.now()));
    this.timer = setTimeout(() => {
      this.at = Infinity;
      this.by(this.ring(performance.now()));
    }, delay);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.at = Infinity;
  }
}
