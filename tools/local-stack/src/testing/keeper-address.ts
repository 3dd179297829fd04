import { createHash } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { repositoryRoot } from '../repository-root.js';

export interface KeeperAddress {
  /** The stack's folder; its lock makes the keeper the only one. */
  dir: string;
  /** Local socket on which the keeper answers. */
  socket: string;
  /** What the keeper printed, for when it does not come up. */
  log: string;
}

/** One keeper for each checkout, user and name. Socket paths may have 104 bytes on macOS, so the names are short. */
export function keeperAddress(name = 'tests'): KeeperAddress {
  const key = createHash('sha256')
    .update(`${repositoryRoot}\n${os.userInfo().uid}\n${name}`)
    .digest('hex')
    .slice(0, 12);
  const base = path.join(os.tmpdir(), `baton-shared-${key}`);
  return { dir: base, socket: `${base}.sock`, log: `${base}.log` };
}
