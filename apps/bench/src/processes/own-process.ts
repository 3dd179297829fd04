import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../bench.config.js';
import { BenchError } from '../bench.error.js';

export interface OwnProcessOptions {
  /** In messages, and of its log file. */
  name: string;
  /** After `node`. */
  args: readonly string[];
  environment: NodeJS.ProcessEnv;
  logFolder: string;
  /** A channel for messages. */
  ipc?: boolean;
  keeper: ProcessKeeper;
}

/** Answers for what has been started: it ends with the bench, however that ends. */
export interface ProcessKeeper {
  started(process: OwnProcess): void;
  ended(process: OwnProcess): void;
}

const stopWithinMs = 40_000;
const shownLines = 20;

/**
 * A Node process of the bench.
 *
 * running ─stop()▶ ended; an end that nobody asked for rejects `failed`.
 */
export class OwnProcess {
  readonly child: ChildProcess;
  /** Never resolves. Rejects, with its last lines, when the process ends without being asked to. */
  readonly failed: Promise<never>;
  private readonly ended: Promise<void>;
  private stopping = false;

  constructor(private readonly options: OwnProcessOptions) {
    const log = this.openLog();
    // Straight to the file: what a service says costs the bench nothing.
    const stdio: StdioOptions = ['ignore', log, log, ...(options.ipc ? (['ipc'] as const) : [])];
    this.child = spawn(process.execPath, options.args, {
      cwd: root,
      env: options.environment,
      detached: true,
      stdio,
    });
    closeSync(log);
    options.keeper.started(this);
    this.ended = new Promise((resolve) => {
      this.child.once('exit', resolve);
      this.child.once('error', () => resolve());
    });
    this.failed = this.ended.then(() => {
      options.keeper.ended(this);
      if (this.stopping) return new Promise<never>(() => {});
      throw new BenchError(
        `${options.name} ended by itself with ${this.child.signalCode ?? `code ${this.child.exitCode}`}. Its last lines:\n${this.lastLines()}`,
      );
    });
    this.failed.catch(() => {}); // whoever waits on it learns it there
  }

  get name(): string {
    return this.options.name;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Asks it to end in good order, by force if that takes longer than a drain may. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.signal('SIGTERM');
    const force = setTimeout(() => this.signal('SIGKILL'), stopWithinMs);
    await this.ended;
    clearTimeout(force);
  }

  lastLines(): string {
    return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-shownLines).join('\n');
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.child.exitCode === null && this.child.signalCode === null && this.child.pid !== undefined)
      this.child.kill(signal);
  }

  private get logFile(): string {
    return path.join(this.options.logFolder, `${this.options.name}.log`);
  }

  private openLog(): number {
    mkdirSync(this.options.logFolder, { recursive: true });
    return openSync(this.logFile, 'w');
  }
}
