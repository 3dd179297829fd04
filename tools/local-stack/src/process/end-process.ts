import { findProcess } from './process-table.js';
import { waitUntil } from './wait-until.js';

/** Sends a signal; a process that is gone already is no error. */
export function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Ends a process of an earlier run: politely first, by SIGKILL after `graceMs`. Does nothing if the pid has a new owner. */
export async function endProcess(
  pid: number,
  startedAt: string,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  const isGone = async (): Promise<boolean> => (await findProcess(pid))?.startedAt !== startedAt;
  if (await isGone()) return;
  signalIfAlive(pid, signal);
  signalIfAlive(pid, 'SIGCONT'); // a stopped process sees its signal only once it runs again
  if (await waitUntil(isGone, graceMs)) return;
  signalIfAlive(pid, 'SIGKILL');
  await waitUntil(isGone, 5_000);
}
