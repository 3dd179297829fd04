import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '@baton/local-stack';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const moduleLog = fileURLToPath(new URL('./module-log.mjs', import.meta.url));

/** The worker as a process of its own, from its sources. */
export class WorkerProcess {
  private output = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
  ) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data: Buffer) => (this.output += data.toString()));
  }

  /** @param environment `MODULE_LOG` names a file to which each loaded module is written */
  static async start(environment: Record<string, string>): Promise<WorkerProcess> {
    const port = await freePort();
    const sources = ['--conditions=@baton/source', '--import', './tools/ts-hook.mjs', '--import', moduleLog];
    const child = spawn(process.execPath, [...sources, 'apps/worker/src/main.ts'], {
      cwd: root,
      env: { PATH: process.env['PATH'], PORT: String(port), LOG_LEVEL: 'warn', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new WorkerProcess(child, `http://127.0.0.1:${port}`);
  }

  /** Waits for `/readyz` to say so. @throws with what the worker printed, when it ends before or takes over 40 s */
  async ready(): Promise<unknown> {
    const deadline = Date.now() + 40_000;
    while (this.child.exitCode === null && Date.now() < deadline) {
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined); // it does not listen yet
      if (answer?.ok) return answer.json();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the worker is not ready (exit code ${this.child.exitCode}):\n${this.output}`);
  }

  /** SIGTERM. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return (await this.ended()).code;
  }

  async ended(): Promise<{ code: number | null; output: string }> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return { code: this.child.exitCode, output: this.output };
  }
}
