/** The addresses of one service's replicas. One is in use; when it fails, all who use it go on with the next. */
export class ServiceUrls {
  private readonly urls: readonly string[];
  private index = 0;

  /** @throws TypeError when there is none */
  constructor(urls: string | readonly string[]) {
    this.urls = [urls].flat().map((url) => url.replace(/\/+$/, ''));
    if (this.urls.length === 0) throw new TypeError('a service needs at least one URL, got an empty list');
  }

  get current(): string {
    return this.urls[this.index]!;
  }

  /** This one failed. Does nothing when another was chosen meanwhile. */
  failed(url: string): void {
    if (url === this.current) this.index = (this.index + 1) % this.urls.length;
  }
}
