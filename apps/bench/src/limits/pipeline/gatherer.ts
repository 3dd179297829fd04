/**
 * Gathers what comes while a flush is under way and hands it over together.
 *
 * idle ─add▶ flushing; while flushing it gathers; at the end of a flush the next begins with what is there.
 */
export class Gatherer<T> {
  private gathered: T[] = [];
  private flushing: Promise<void> | undefined;

  constructor(
    private readonly most: number,
    private readonly flush: (items: T[]) => Promise<void>,
    private readonly onFailed: (error: unknown) => void,
  ) {}

  add(items: readonly T[]): void {
    this.gathered.push(...items);
    this.flushing ??= this.run().catch(this.onFailed);
  }

  private async run(): Promise<void> {
    while (this.gathered.length > 0) await this.flush(this.gathered.splice(0, this.most));
    this.flushing = undefined;
  }
}
