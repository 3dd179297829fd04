import { readFileSync } from 'node:fs';

/** What processes hold in memory, in MB (10⁶ bytes); those that have ended, and all where there is no `/proc`, are left out. */
export function residentMb(pids: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(pids).flatMap(([name, pid]) => {
      const kb = pid === undefined ? undefined : residentKb(pid);
      return kb === undefined ? [] : [[name, (kb * 1_024) / 1e6]];
    }),
  );
}

function residentKb(pid: number): number | undefined {
  try {
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match ? Number(match[1]) : undefined;
  } catch {
    return undefined; // it has just ended, or this is not Linux
  }
}
