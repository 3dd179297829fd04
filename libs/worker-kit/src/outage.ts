import type { Log } from './log.js';

/** Tells of trouble with something that is tried again and again: once when it begins, once when it is over. */
export class Outage {
  private since: number | undefined;

  constructor(
    private readonly log: Log,
    private readonly what: string,
  ) {}

  get lasts(): boolean {
    return this.since !== undefined;
  }

  failed(error: unknown): void {
    if (this.since !== undefined) {
      this.log.debug({ err: error }, `${this.what} failed again`);
      return;
    }
    this.since = performance.now();
    this.log.warn({ err: error }, `${this.what} failed and is tried again until it succeeds`);
  }

  worked(): void {
    if (this.since === undefined) return;
    this.log.info({ ms: Math.round(performance.now() - this.since) }, `${this.what} works again`);
    this.since = undefined;
  }
}
