import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { readLocalStackConfig } from '../local-stack.config.js';
import { repositoryRoot } from '../repository-root.js';
import type { KeeperAddress } from './keeper-address.js';

/** Starts a keeper that outlives this process. From sources it needs the loader that this process runs under too. */
export function spawnKeeper(address: KeeperAddress, name: string, idleMs: number): void {
  const extension = path.extname(import.meta.filename);
  const hook = pathToFileURL(path.join(repositoryRoot, 'tools', 'ts-hook.mjs')).href;
  const loader = extension === '.ts' ? ['--conditions=@baton/source', '--import', hook] : [];
  const script = path.join(import.meta.dirname, `keeper-main${extension}`);
  const { NODE_OPTIONS: _ofTheTestRunner, ...environment } = readLocalStackConfig().environment;
  const log = openSync(address.log, 'w');
  const child = spawn(process.execPath, [...loader, script, name, String(idleMs)], {
    detached: true,
    cwd: repositoryRoot,
    env: environment,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.on('error', (error) =>
    process.emitWarning(`The shared test stack could not be started: ${error.message}`),
  );
  child.unref();
}
