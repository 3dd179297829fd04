import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { ProcessFailedError } from '../local-stack.error.js';
import type { ServiceName } from '../stack/service-name.js';
import { signalIfAlive } from './end-process.js';
import type { LogFile } from './log-file.js';
import { findDescendants, findProcess } from './process-table.js';
import type { ServerRecipe } from './server-recipe.js';
import { waitUntil } from './wait-until.js';

export type ServerState = 'stopped' | 'starting' | 'running' | 'paused' | 'stopping';

export interface ServerExit {
  service: ServiceName;
  code: number | null;
  signal: NodeJS.Signals | null;
  lastLines: string;
}

export interface ServerProcessOptions {
  log: LogFile;
  /** The child has a pid now, and the parent must answer for it. */
  onSpawn: (pid: number, recipe: ServerRecipe) => void;
  onEnd: (pid: number, recipe: ServerRecipe) => void;
  /** It ended though nobody had asked it to. */
  onUnexpectedExit: (exit: ServerExit) => void;
}

/** Bounds on a slow, shared machine; a usual start takes 0.1 to 3 s, a stop 0.1 to 2 s. */
const startWithinMs = 60_000;
const stopWithinMs = 20_000;

/**
 * One server as a child process, on a port that stays the same over restarts.
 *
 * stopped ─start()▶ starting ─serves▶ running ⇄ paused (pause(), resume())
 * running, paused ─stop()▶ stopping ─▶ stopped; any ─kill() or its own end▶ stopped
 *
 * At most one process exists at a time; its pid is known exactly while it lives.
 */
export class ServerProcess {
  private current: ServerState = 'stopped';
  private child: ChildProcess | undefined;

  constructor(
    private readonly recipe: ServerRecipe,
    private readonly options: ServerProcessOptions,
  ) {}

  get state(): ServerState {
    return this.current;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  get port(): number {
    return this.recipe.port;
  }

  get logFile(): string {
    return this.options.log.file;
  }

  /** Resolves when it serves. Throws ServiceUnavailableError or ProcessFailedError. */
  async start(): Promise<void> {
    if (this.current !== 'stopped')
      throw new ProcessFailedError(
        `${this.recipe.service} is ${this.current}; only a stopped server can be started`,
      );
    this.current = 'starting';
    try {
      const child = await this.spawnChild();
      const log = (): Promise<string> => this.options.log.sinceStart();
      const settled = await waitUntil(
        async () => this.child !== child || (await this.recipe.isReady(log)),
        startWithinMs,
      );
      if (this.child !== child) throw await this.failure('ended while it started');
      if (!settled) throw await this.failure(`did not serve within ${startWithinMs / 1000} s`);
      this.current = 'running';
    } catch (error) {
      await this.kill();
      this.current = 'stopped';
      throw error;
    }
  }

  /** Ends it in good order, by SIGKILL if it takes longer than 20 s. Does nothing if it is stopped. */
  async stop(): Promise<void> {
    const pid = this.pid;
    if (pid === undefined) return;
    if (this.current === 'paused') await this.resume();
    this.current = 'stopping';
    signalIfAlive(pid, this.recipe.stopSignal);
    if (await waitUntil(() => this.pid !== pid, stopWithinMs)) await this.recipe.stopped?.();
    else await this.kill();
  }

  /** As a crash would: no farewell, and its own children (PostgreSQL's sessions) end with it. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const pid = this.pid;
    if (pid === undefined) return;
    this.current = 'stopping';
    const family = [pid, ...(await findDescendants(pid))];
    for (const member of family) signalIfAlive(member, signal);
    const isGone = async (): Promise<boolean> =>
      this.pid !== pid && (await Promise.all(family.map(findProcess))).every((entry) => !entry);
    if (!(await waitUntil(isGone, stopWithinMs))) {
      throw new ProcessFailedError(
        `${this.recipe.service} (pid ${pid}) is still there ${stopWithinMs / 1000} s after ${signal}`,
      );
    }
  }

  /** Stops and starts it: the same port, the same data. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Freezes it with its children (SIGSTOP): connections stay open, nobody answers. */
  async pause(): Promise<void> {
    if (this.current !== 'running')
      throw new ProcessFailedError(
        `${this.recipe.service} is ${this.current}; only a running server can be paused`,
      );
    await this.signalFamily('SIGSTOP');
    this.current = 'paused';
  }

  /** Lets a paused server go on. */
  async resume(): Promise<void> {
    if (this.current !== 'paused') return;
    await this.signalFamily('SIGCONT');
    this.current = 'running';
  }

  private async signalFamily(signal: NodeJS.Signals): Promise<void> {
    const pid = this.pid;
    if (pid === undefined) return;
    signalIfAlive(pid, signal); // first the parent, so that no new child appears meanwhile
    for (const member of await findDescendants(pid)) signalIfAlive(member, signal);
  }

  private async spawnChild(): Promise<ChildProcess> {
    const { file, args, environment, ...rest } = await this.recipe.prepare();
    const descriptor = this.options.log.openForChild();
    try {
      // A process group of its own: Ctrl-C in the terminal reaches us alone, and we stop the servers in order.
      const child = spawn(file, args, {
        ...rest,
        env: environment,
        detached: true,
        stdio: ['ignore', descriptor, descriptor],
      });
      child.unref();
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', (cause) =>
          reject(new ProcessFailedError(`${file} could not be started: ${cause.message}`, { cause })),
        );
      });
      this.adopt(child);
      return child;
    } finally {
      closeSync(descriptor);
    }
  }

  private adopt(child: ChildProcess): void {
    const pid = child.pid as number; // set: it has emitted 'spawn'
    this.child = child;
    this.options.onSpawn(pid, this.recipe);
    const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
      const unexpected = this.current === 'running' || this.current === 'paused';
      this.child = undefined;
      if (this.current !== 'starting') this.current = 'stopped';
      this.options.onEnd(pid, this.recipe);
      if (unexpected) void this.reportExit(code, signal);
    };
    if (child.exitCode !== null || child.signalCode !== null) ended(child.exitCode, child.signalCode);
    else child.once('exit', ended);
  }

  private async reportExit(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    const lastLines = await this.options.log
      .lastLines(15)
      .catch((error: unknown) => `(its log cannot be read: ${String(error)})`);
    this.options.onUnexpectedExit({ service: this.recipe.service, code, signal, lastLines });
  }

  private async failure(what: string): Promise<ProcessFailedError> {
    const { log } = this.options;
    return new ProcessFailedError(
      `${this.recipe.service} ${what}. Its log is ${log.file}; the last lines:\n${await log.lastLines(15)}`,
    );
  }
}
