import { chmod, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** A new folder among the temporary ones, open to PostgreSQL's own user. */
export async function makeTestFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'baton-test-'));
  await chmod(folder, 0o755);
  return folder;
}
