import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { runNx, workspaceRoot } from './workspace.js';

export interface LintProbe {
  /** An existing source file of the workspace, in whose place `text` is linted; nothing is written. */
  filePath: string;
  text: string;
}

/**
 * The rules that each text breaks under the workspace's own ESLint configuration.
 * The project graph is made anew first: the boundary rule reads it from a cache, and without one it lets all pass.
 */
export async function lintTexts(probes: readonly LintProbe[]): Promise<string[][]> {
  await runNx('show', 'projects');
  const child = spawn(process.execPath, [fileURLToPath(new URL('lint-texts.mjs', import.meta.url))], {
    cwd: workspaceRoot,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(
    JSON.stringify(probes.map((probe) => ({ ...probe, filePath: join(workspaceRoot, probe.filePath) }))),
  );
  const [output, [code]] = await Promise.all([
    text(child.stdout),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  if (code !== 0) throw new Error(`ESLint ended with code ${code}`);
  return JSON.parse(output) as string[][];
}
