import { buffer } from 'node:stream/consumers';
import { exitCodes } from './exit-codes.js';
import type { Terminal } from './terminal.js';

/** The process's own. The first Ctrl-C asks the command to end; a second one ends it at once. */
export function processTerminal(): Terminal {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (ending.signal.aborted) process.exit(exitCodes.interrupted);
      ending.abort();
    });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    input: () => buffer(process.stdin),
    env: process.env,
    cwd: process.cwd(),
    signal: ending.signal,
  };
}
