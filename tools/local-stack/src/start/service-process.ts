import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ProcessFailedError } from '../local-stack.error.js';
import { signalIfAlive } from '../process/end-process.js';
import { prepareLog } from '../process/log-file.js';
import { waitUntil } from '../process/wait-until.js';
import { repositoryRoot } from '../repository-root.js';
import { consoleWarning } from './console-warnings.js';
import { nodeArguments } from './node-command.js';
import type { PlannedService } from './service-plan.js';

export interface ServiceProcessOptions {
  logFolder: string;
  /** Imported before the entry: tracing. */
  imports: readonly string[];
  print: (line: string) => void;
  guard: (pid: number) => void;
  unguard: (pid: number) => void;
  entry?: string;
}

const readyWithinMs = 60_000;
/** A worker gives its handlers 30 s. */
const drainWithinMs = 35_000;
const rememberedLines = 20;

/**
 * One service as a child, with its real start command. Its output goes to its log; warnings also to the console.
 *
 * started ─/readyz answers 200▶ ready ─stop()▶ ended; an end that nobody asked for is printed with its last lines.
 */
export class ServiceProcess {
  private readonly child: ChildProcess;
  private readonly lastLines: string[] = [];
  private stopping = false;

  constructor(
    readonly service: PlannedService,
    private readonly options: ServiceProcessOptions,
  ) {
    const entry = options.entry ?? `apps/${service.app}/src/main.ts`;
    // A process group of its own: Ctrl-C reaches us alone, and we end services before servers.
    this.child = spawn(process.execPath, nodeArguments(entry, options.imports), {
      cwd: repositoryRoot,
      env: service.environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid } = this.child;
    if (pid !== undefined) options.guard(pid);
    this.child.once('error', (error) =>
      options.print(`${service.name} could not be started: ${error.message}`),
    );
    this.child.once('exit', (code, signal) => this.ended(code, signal));
    this.keepOutput();
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null || this.child.pid === undefined;
  }

  /** Resolves when `/readyz` says so; throws ProcessFailedError with what it said last, and the last log lines. */
  async ready(): Promise<void> {
    let answer = 'nothing';
    const url = `http://127.0.0.1:${this.service.port}/readyz`;
    const settled = await waitUntil(
      async () => {
        if (this.hasEnded) return true;
        const response = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined); // not listening yet
        if (!response) return false;
        answer = `${response.status} ${await response.text()}`;
        return response.ok;
      },
      readyWithinMs,
      50,
    );
    if (settled && !this.hasEnded) return;
    const what = this.hasEnded
      ? 'ended while it started'
      : `was not ready within ${readyWithinMs / 1000} s (${url} answered ${answer})`;
    throw new ProcessFailedError(
      `${this.service.name} ${what}. Its last lines:\n${this.lastLines.join('\n')}`,
    );
  }

  /** Has it drain and waits for its end; by force if it takes longer than a drain may. */
  async stop(): Promise<void> {
    this.stopping = true;
    const { pid } = this.child;
    if (pid === undefined || this.hasEnded) return;
    signalIfAlive(pid, 'SIGTERM');
    if (await waitUntil(() => this.hasEnded, drainWithinMs)) return;
    this.options.print(`${this.service.name} did not end within ${drainWithinMs / 1000} s and is killed`);
    signalIfAlive(pid, 'SIGKILL');
    await waitUntil(() => this.hasEnded, 5_000);
  }

  private keepOutput(): void {
    const file = path.join(this.options.logFolder, `${this.service.name}.log`);
    prepareLog(file);
    const log = createWriteStream(file, { flags: 'a' });
    log.on('error', (error) => this.options.print(`${file} cannot be written: ${error.message}`));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        this.lastLines.push(line);
        if (this.lastLines.length > rememberedLines) this.lastLines.shift();
        const warning = consoleWarning(this.service.name, line);
        if (warning) this.options.print(warning);
      });
    }
  }

  private ended(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.child.pid !== undefined) this.options.unguard(this.child.pid);
    if (this.stopping) return;
    this.options.print(
      `${this.service.name} ended by itself with ${signal ?? `code ${code}`}. Its last lines:\n${this.lastLines.join('\n')}`,
    );
  }
}
