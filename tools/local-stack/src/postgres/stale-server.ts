import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { endProcess } from '../process/end-process.js';
import { findProcess } from '../process/process-table.js';

/**
 * Clears what a killed run left in the data folder. PostgreSQL itself handles a `postmaster.pid` whose process
 * is gone; not one whose process still runs, nor one whose pid now belongs to somebody else.
 */
export async function clearStaleServer(dataFolder: string): Promise<void> {
  const pidFile = path.join(dataFolder, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number((await readFile(pidFile, 'utf8')).split('\n')[0]);
  const entry = Number.isInteger(pid) && pid > 0 ? await findProcess(pid) : undefined;
  if (!entry) return;
  if ((await commandLine(pid)).includes(dataFolder)) await endProcess(pid, entry.startedAt, 'SIGINT', 10_000);
  else await rm(pidFile, { force: true });
}

async function commandLine(pid: number): Promise<string> {
  if (existsSync('/proc/self/cmdline')) return readFile(`/proc/${pid}/cmdline`, 'utf8');
  return (await promisify(execFile)('ps', ['-p', String(pid), '-o', 'args='])).stdout;
}
