/**
 * A process of its own that ends a stack's servers when the process that started them is gone, however it went.
 *
 * Standard input is a pipe that only that process holds; its end is the sign. Each line is one word to remember:
 *   guard <pid> <signal>    end this process, with this signal first
 *   release <pid>           it has ended, its pid may belong to another soon
 *   remove <JSON string>    delete this folder at the end
 * It imports nothing of the project, so that Node runs it as it is, without a loader.
 */
import { readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** Time for servers to end by themselves; a Java server that writes its class archive takes 6 s. */
const graceMs = 10_000;
const guarded = new Map<number, NodeJS.Signals>();
const folders = new Set<string>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {}); // only the pipe ends it

for await (const line of createInterface({ input: process.stdin })) {
  const [word, rest = ''] = splitOnce(line);
  if (word === 'guard') {
    const [pid, signal = 'SIGTERM'] = splitOnce(rest);
    guarded.set(Number(pid), signal as NodeJS.Signals);
  } else if (word === 'release') guarded.delete(Number(rest));
  else if (word === 'remove') folders.add(JSON.parse(rest) as string);
}
for (const [pid, signal] of guarded) {
  send(pid, signal);
  send(pid, 'SIGCONT'); // a stopped process sees its signal only once it runs again
}
for (const deadline = Date.now() + graceMs; Date.now() < deadline && [...guarded.keys()].some(isAlive);)
  await delay(50);
for (const pid of guarded.keys()) if (isAlive(pid)) send(pid, 'SIGKILL');
for (const folder of folders)
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });

function splitOnce(text: string): [string, string?] {
  const space = text.indexOf(' ');
  return space < 0 ? [text] : [text.slice(0, space), text.slice(space + 1)];
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    guarded.delete(pid); // gone already, which is what is wanted
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false; // no such process
  }
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')); // ended, but not reaped by its new parent
  } catch {
    return process.platform !== 'linux'; // on Linux it went this moment; elsewhere there is no /proc to ask
  }
}
