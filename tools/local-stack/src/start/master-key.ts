import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { readIfThere, writePrivately } from './private-file.js';

/** The development key, 32 random bytes in hex: made at the first start, the same ever after. */
export async function ensureMasterKey(folder: string): Promise<string> {
  const file = path.join(folder, 'master.key');
  const known = (await readIfThere(file))?.trim();
  if (known) return known;
  const key = randomBytes(32).toString('hex');
  await writePrivately(file, `${key}\n`);
  return key;
}
