import { existsSync } from 'node:fs';

interface Packages {
  debian: string;
  brew: string;
}

/** The command that installs something on this kind of system. */
export function installWith(packages: Packages): string {
  if (process.platform === 'darwin') return `Install it with: brew install ${packages.brew}`;
  if (existsSync('/etc/debian_version')) return `Install it with: apt-get install ${packages.debian}`;
  return `Install it (Debian and Ubuntu: apt-get install ${packages.debian}; macOS: brew install ${packages.brew})`;
}
