import type { Terminal } from '../terminal.js';

/** A terminal whose words are kept. */
export class TestTerminal implements Terminal {
  stdout = '';
  stderr = '';
  readonly signal: AbortSignal;
  readonly env: Record<string, string>;
  readonly cwd: string;
  private readonly ending = new AbortController();
  private readonly stdin: string;

  constructor({
    env = {},
    cwd = '/',
    stdin = '',
  }: { env?: Record<string, string>; cwd?: string; stdin?: string } = {}) {
    this.env = env;
    this.cwd = cwd;
    this.stdin = stdin;
    this.signal = this.ending.signal;
  }

  out(text: string): void {
    this.stdout += text;
  }

  err(text: string): void {
    this.stderr += text;
  }

  input(): Promise<Buffer> {
    return Promise.resolve(Buffer.from(this.stdin));
  }

  interrupt(): void {
    this.ending.abort();
  }
}
