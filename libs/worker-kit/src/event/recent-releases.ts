/**
 * The last releases that were told to the end here. A record of one of them, read again before its offset was
 * committed, must not run again. Keeps at least `size` and at most twice as many.
 */
export class RecentReleases {
  private young = new Set<string>();
  private old = new Set<string>();

  constructor(private readonly size = 20_000) {}

  has(key: string): boolean {
    return this.young.has(key) || this.old.has(key);
  }

  add(key: string): void {
    this.young.add(key);
    if (this.young.size < this.size) return;
    this.old = this.young;
    this.young = new Set();
  }
}
