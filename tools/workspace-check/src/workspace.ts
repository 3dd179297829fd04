import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const workspaceRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** Parses a JSON file; `path` is relative to the workspace. The caller names the shape that it counts on. */
export async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(join(workspaceRoot, path), 'utf8')) as T;
}

/**
 * Runs `nx` as a user would from the workspace's root; rejects when it fails.
 * The variables that an outer `nx` gave this process are left out, so that the inner one starts afresh.
 */
export async function runNx(...args: string[]): Promise<void> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NX_')));
  const nx = join(workspaceRoot, 'node_modules/nx/dist/bin/nx.js');
  await promisify(execFile)(process.execPath, [nx, ...args], {
    cwd: workspaceRoot,
    env: { ...env, NODE_OPTIONS: '' },
  });
}
