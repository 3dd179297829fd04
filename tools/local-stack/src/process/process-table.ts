import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface ProcessEntry {
  pid: number;
  parent: number;
  /** Differs between two processes that had the same pid at different times. */
  startedAt: string;
}

const hasProc = existsSync('/proc/self/stat');

/** The process, or undefined if it is gone. One that has ended and waits to be reaped counts as gone. */
export async function findProcess(pid: number): Promise<ProcessEntry | undefined> {
  return hasProc ? readProcEntry(pid) : (await listWithPs()).find((entry) => entry.pid === pid);
}

/** The process's descendants, not itself. */
export async function findDescendants(pid: number): Promise<number[]> {
  const entries = hasProc ? await listProc() : await listWithPs();
  const found: number[] = [];
  for (let parents = [pid]; parents.length > 0;) {
    parents = entries.filter((entry) => parents.includes(entry.parent)).map((entry) => entry.pid);
    found.push(...parents);
  }
  return found;
}

async function listProc(): Promise<ProcessEntry[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  return (await Promise.all(pids.map(readProcEntry))).filter((entry) => entry !== undefined);
}

async function readProcEntry(pid: number): Promise<ProcessEntry | undefined> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // no such process any more
  }
  // The second field is the command in parentheses and may hold spaces; state is the first after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return { pid, parent: Number(fields[1]), startedAt: fields[19] ?? '' };
}

/** For systems without /proc (macOS). */
async function listWithPs(): Promise<ProcessEntry[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,state=,lstart=']);
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent, state, ...startedAt] = line.trim().split(/\s+/);
    if (!pid || !parent || !state || state.startsWith('Z')) return [];
    return [{ pid: Number(pid), parent: Number(parent), startedAt: startedAt.join(' ') }];
  });
}
