import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { root, type BenchConfig } from '../bench.config.js';
import { BenchError } from '../bench.error.js';

const projects = ['producer', 'relay', 'worker', 'result-gateway', 'bench'].map((name) => `@baton/${name}`);

/** Builds what is measured, as it is deployed; what is built already costs a second. */
export async function buildServices({ environment }: BenchConfig): Promise<void> {
  const nx = path.join(root, 'node_modules', '.bin', 'nx');
  const args = ['run-many', '-t', 'build', '-p', projects.join(','), '--outputStyle=static'];
  const child = spawn(nx, args, {
    cwd: root,
    env: { ...environment, NX_DAEMON: 'false' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new BenchError(`The services cannot be built:\n${Buffer.concat(output).toString().slice(-8_000)}`);
}
