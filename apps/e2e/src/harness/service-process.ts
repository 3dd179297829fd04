import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '@baton/local-stack';
import { until } from './until.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const readyMs = 60_000;
const stopMs = 30_000;

export type AppName = 'producer' | 'relay' | 'worker' | 'result-gateway';

/**
 * One service as a process: with the start command that it has in production, from `dist`, where BATON_E2E_BUILT says
 * that the workspace is built; else from its sources. It can be killed, stopped (SIGSTOP) and continued.
 */
export class ServiceProcess {
  private readonly child: ChildProcess;
  readonly lines: string[] = [];

  private constructor(
    readonly app: AppName,
    readonly port: number,
    environment: NodeJS.ProcessEnv,
  ) {
    this.child = spawn(process.execPath, commandOf(app), {
      cwd: root,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        if (this.lines.length > 2_000) this.lines.shift();
      });
    }
  }

  static async start(app: AppName, environment: NodeJS.ProcessEnv, port?: number): Promise<ServiceProcess> {
    const service = new ServiceProcess(app, port ?? (await freePort()), environment);
    try {
      await service.ready();
    } catch (error) {
      service.kill();
      throw error;
    }
    return service;
  }

  get pid(): number {
    return this.child.pid!;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  get exitCode(): number | null {
    return this.child.exitCode;
  }

  /** Waits for `/readyz` to say so. */
  async ready(): Promise<void> {
    let last = 'no answer';
    await until(
      async () => {
        if (this.ended)
          throw new Error(
            `${this.app} ended with ${this.child.exitCode ?? this.child.signalCode} before it was ready:\n${this.tail()}`,
          );
        const answer = await fetch(`${this.url}/readyz`).catch(() => undefined); // it does not listen yet
        if (answer && !answer.ok) last = await answer.text();
        return answer?.ok;
      },
      { ms: readyMs, what: () => `${this.app} to be ready (${last}); its last words:\n${this.tail()}` },
    );
  }

  kill(): void {
    this.signal('SIGKILL');
  }

  freeze(): void {
    this.signal('SIGSTOP');
  }

  thaw(): void {
    this.signal('SIGCONT');
  }

  /** SIGTERM, and waits for its end. @returns its exit code */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM');
    await until(() => this.ended, {
      ms: stopMs,
      what: () => `${this.app} to end after SIGTERM:\n${this.tail()}`,
    });
    return this.exitCode;
  }

  /** Ends it in any state. */
  async end(): Promise<void> {
    if (this.ended) return;
    this.thaw();
    this.signal('SIGTERM');
    const killer = setTimeout(() => this.kill(), 10_000);
    await until(() => this.ended, { ms: stopMs, what: () => `${this.app} to end` });
    clearTimeout(killer);
  }

  tail(count = 40): string {
    return this.lines.slice(-count).join('\n');
  }

  private signal(signal: NodeJS.Signals): void {
    if (!this.ended) this.child.kill(signal);
  }
}

function commandOf(app: AppName): string[] {
  const tracing = ['--import', '@baton/tracing/register'];
  if (process.env['BATON_E2E_BUILT'] !== undefined) return [...tracing, `apps/${app}/dist/main.js`];
  const sources = ['--conditions=@baton/source', '--enable-source-maps', '--import', './tools/ts-hook.mjs'];
  return [...sources, ...tracing, `apps/${app}/src/main.ts`];
}
