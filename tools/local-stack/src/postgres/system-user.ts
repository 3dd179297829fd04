import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { ServiceUnavailableError } from '../local-stack.error.js';

export interface SystemUser {
  uid: number;
  gid: number;
}

/** PostgreSQL refuses to run as root: then it runs as `postgres`, or as `nobody` where there is no such user. Undefined: as ourselves. */
export async function findPostgresUser(): Promise<SystemUser | undefined> {
  if (os.userInfo().uid !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const entry = ['postgres', 'nobody']
    .map((name) => lines.find((fields) => fields[0] === name))
    .find((fields) => fields !== undefined);
  if (!entry) {
    throw new ServiceUnavailableError(
      'postgres',
      'It refuses to run as root, and there is neither a user postgres nor nobody.',
      'Add one with: useradd --system postgres',
    );
  }
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}
