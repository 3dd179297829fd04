/** The first and the longest pause after a failed send. */
const firstMs = 100;
const longestMs = 5_000;

/** Pauses between tries of one topic: each twice as long, with jitter so that topics do not come back together. */
export class TopicBackoff {
  private failures = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** The pause after one more failure, milliseconds. */
  nextMs(): number {
    const base = Math.min(longestMs, firstMs * 2 ** this.failures++);
    return base * (0.5 + this.random() / 2);
  }

  succeeded(): void {
    this.failures = 0;
  }
}
