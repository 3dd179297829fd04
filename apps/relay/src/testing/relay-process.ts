import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { eventually } from './eventually.js';

export interface RelayProcess {
  kill(signal: NodeJS.Signals): void;
  /** Its exit code, once it has ended. */
  readonly exited: Promise<number | null>;
  /** What `/readyz` says. */
  readiness(): Promise<{ status: string; checks: Record<string, { ok: boolean }> }>;
  /** Its log lines so far. */
  readonly log: { msg: string }[];
}

/** The relay as it is run in production, from its sources. Resolves when it listens. */
export async function relayProcess(environment: Record<string, string>): Promise<RelayProcess> {
  const app = path.resolve(import.meta.dirname, '../..');
  const hook = path.resolve(app, '../../tools/ts-hook.mjs');
  const child = spawn(process.execPath, ['--conditions=@baton/source', '--import', hook, 'src/main.ts'], {
    cwd: app,
    env: { PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: { msg: string; url?: string }[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) =>
      log.push(line.startsWith('{') ? (JSON.parse(line) as (typeof log)[number]) : { msg: line }),
    );
  }
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const url = (): string | undefined => log.find((line) => line.url)?.url;
  await eventually('it listens or has ended', () => url() !== undefined || child.exitCode !== null, {
    withinMs: 30_000,
  });
  return {
    kill: (signal) => void child.kill(signal),
    exited,
    log,
    async readiness() {
      const answer = await fetch(`${url()}/readyz`);
      return (await answer.json()) as Awaited<ReturnType<RelayProcess['readiness']>>;
    },
  };
}
