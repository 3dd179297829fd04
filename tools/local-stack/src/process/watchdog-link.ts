import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import path from 'node:path';

/** Our end of the pipe to the watchdog: what is guarded ends with this process, even if that is killed. */
export class WatchdogLink {
  private readonly child: ChildProcess;
  private readonly pipe: Socket;

  constructor() {
    const script = path.join(import.meta.dirname, `watchdog${path.extname(import.meta.filename)}`);
    // Its own session: Ctrl-C in the terminal does not reach it.
    this.child = spawn(process.execPath, [script], {
      detached: true,
      cwd: '/',
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.pipe = this.child.stdin as Socket;
    this.pipe.on('error', (error) => {
      process.emitWarning(
        `The local stack's watchdog is gone (${error.message}); servers may outlive a killed parent`,
      );
    });
    this.child.unref();
    this.pipe.unref();
  }

  guard(pid: number, stopSignal: NodeJS.Signals): void {
    this.pipe.write(`guard ${pid} ${stopSignal}\n`);
  }

  release(pid: number): void {
    if (this.pipe.writable) this.pipe.write(`release ${pid}\n`);
  }

  /** Deletes the folder once the guarded processes have ended. */
  removeAtEnd(folder: string): void {
    this.pipe.write(`remove ${JSON.stringify(folder)}\n`);
  }

  /** Ends what is still guarded, then the watchdog; resolves when both are done. */
  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.ref();
    const ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.pipe.end();
    await ended;
  }
}
