#!/usr/bin/env node
// Runs the built command line; in a checkout that is not built, the sources.
import { existsSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const here = (path) => new URL(path, import.meta.url);

if (existsSync(here('../dist/main.js'))) {
  await import('../dist/main.js');
} else {
  const hook = here('../../../tools/ts-hook.mjs').href;
  const source = [
    '--conditions=@baton/source',
    '--disable-warning=ExperimentalWarning',
    '--import',
    hook,
    fileURLToPath(here('../src/main.ts')),
  ];
  const child = spawn(process.execPath, [...source, ...process.argv.slice(2)], { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself, since it is of the same terminal; another's signal is handed on.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => (process.exitCode = code ?? (signal ? 1 : 0)));
}
