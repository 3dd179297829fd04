import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second, on every platform that Node runs on. */
const ticksPerSecond = 100;

/**
 * Seconds of CPU that processes have used so far, each with its children that have ended and those that live.
 * Empty where the system has no `/proc`.
 */
export function cpuSeconds(pids: Readonly<Record<string, number | undefined>>): Record<string, number> {
  const table = readProcessTable();
  if (table.size === 0) return {};
  const secondsOf = (pid: number): number => {
    const own = table.get(pid)?.seconds ?? 0;
    const children = [...table.entries()].filter(([, { parent }]) => parent === pid);
    return children.reduce((sum, [child]) => sum + secondsOf(child), own);
  };
  return Object.fromEntries(
    Object.entries(pids).flatMap(([name, pid]) => (pid === undefined ? [] : [[name, secondsOf(pid)]])),
  );
}

interface ProcessEntry {
  parent: number;
  seconds: number;
}

function readProcessTable(): Map<number, ProcessEntry> {
  const table = new Map<number, ProcessEntry>();
  for (const name of readPids()) {
    const entry = readEntry(name);
    if (entry) table.set(Number(name), entry);
  }
  return table;
}

function readPids(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // not Linux: CPU time is not reported
  }
}

function readEntry(pid: string): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name may hold spaces and brackets; what follows its last bracket does not.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
    return { parent: Number(fields[1]), seconds: ticks / ticksPerSecond };
  } catch {
    return undefined; // it has just ended
  }
}

/** What was used between two readings; of a process that is in the second alone, all that it has used. */
export function cpuUsed(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).map(([name, seconds]) => [name, seconds - (before[name] ?? 0)]),
  );
}
