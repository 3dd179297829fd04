import { createHash } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { SystemUser } from './system-user.js';

/** Whether the user may enter the folder and all above it. */
export async function canEnter(folder: string, user: SystemUser): Promise<boolean> {
  for (let current = path.resolve(folder); ; current = path.dirname(current)) {
    const { mode, uid, gid } = await stat(current);
    const needed = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & needed) === 0) return false;
    if (current === path.dirname(current)) return true;
  }
}

/**
 * The wanted folder, made, if the user can get to it; else one of its own under /var/tmp, which outlives a
 * reboot. A repository under /root, say, is closed to everyone but root.
 */
export async function reachableFolder(wanted: string, user: SystemUser | undefined): Promise<string> {
  await mkdir(wanted, { recursive: true });
  if (!user || (await canEnter(wanted, user))) return wanted;
  const fallback = fallbackFolder(wanted);
  await mkdir(fallback, { recursive: true, mode: 0o755 });
  return fallback;
}

export function fallbackFolder(wanted: string): string {
  return path.join(
    '/var/tmp',
    `baton-${createHash('sha256').update(path.resolve(wanted)).digest('hex').slice(0, 12)}`,
  );
}
