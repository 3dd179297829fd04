import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

type Line = Record<string, unknown> & { msg?: string };

const hook = fileURLToPath(new URL('../../../../tools/ts-hook.mjs', import.meta.url));

/** A service in a process of its own, run from its sources, followed by its log. */
export class ChildService {
  readonly lines: Line[] = [];
  stderr = '';
  private readonly child;
  private readonly exited: Promise<number | null>;
  private waiters: (() => void)[] = [];

  constructor(script: URL, environment: Record<string, string>) {
    this.child = spawn(
      process.execPath,
      ['--conditions=@baton/source', '--import', hook, fileURLToPath(script)],
      { env: environment, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    createInterface(this.child.stdout).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line);
      for (const wake of this.waiters.splice(0)) wake();
    });
    this.exited = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** The first line that says so. @throws Error when the process ends before it */
  async line(msg: string): Promise<Line> {
    for (;;) {
      const found = this.lines.find((line) => line.msg === msg);
      if (found) return found;
      const more = new Promise<'more'>((resolve) => this.waiters.push(() => resolve('more')));
      if ((await Promise.race([more, this.exited])) !== 'more') {
        throw new Error(`the service ended before it said "${msg}": ${this.stderr}`);
      }
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  exitCode(): Promise<number | null> {
    return this.exited;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}
