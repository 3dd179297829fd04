import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface ChildLeader {
  process: ChildProcess;
  /** What it has said so far. */
  said: { shards?: number[]; lost?: number[] }[];
  /** Ends it, frozen or not. */
  end(): Promise<void>;
}

/** Starts a replica in a process of its own. */
export function childLeader(url: string, staleMs = 10_000): ChildLeader {
  const folder = import.meta.dirname;
  const hook = path.resolve(folder, '../../../../tools/ts-hook.mjs');
  const child = spawn(
    process.execPath,
    [
      '--conditions=@baton/source',
      '--import',
      hook,
      path.join(folder, 'leader-main.ts'),
      url,
      String(staleMs),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const said: ChildLeader['said'] = [];
  createInterface({ input: child.stdout }).on('line', (line) =>
    said.push(JSON.parse(line) as ChildLeader['said'][number]),
  );
  const exit = once(child, 'exit');
  return {
    process: child,
    said,
    async end() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exit;
    },
  };
}
