import { readJson } from './workspace.js';

export interface LockedPackage {
  version?: string;
  resolved?: string;
  link?: boolean;
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** The entries of package-lock.json by their place: `''`, `libs/client`, `node_modules/a/node_modules/b`. */
export type LockFile = Record<string, LockedPackage>;

export async function readLockFile(): Promise<LockFile> {
  return (await readJson<{ packages: LockFile }>('package-lock.json')).packages;
}

/** The places of a package's copies. */
export function copiesOf(lock: LockFile, name: string): string[] {
  return Object.keys(lock).filter(
    (place) => place === `node_modules/${name}` || place.endsWith(`/node_modules/${name}`),
  );
}

/** Whether a package at `place` finds `name` the way Node looks for it: in its own node_modules, then upwards. */
export function isFoundFrom(lock: LockFile, place: string, name: string): boolean {
  const folders = place === '' ? [] : place.split('/');
  return folders
    .map((_, index) => folders.slice(0, folders.length - index).join('/') + '/')
    .concat('')
    .some((folder) => `${folder}node_modules/${name}` in lock);
}
