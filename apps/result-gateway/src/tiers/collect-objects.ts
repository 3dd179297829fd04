import { objectKinds, type ObjectStore, prefixOf, resultOfKey, uploadOfKey } from '@baton/objects';
import {
  findStrayResults,
  findStrayUploads,
  forgetGarbage,
  noteGarbage,
  readGarbage,
  takePass,
} from '@baton/persistence';
import type { Pool } from 'pg';

/** How often the whole store is looked through, by one process for all. */
const passEveryMs = 3_600_000;
/** Longer than any link is good for, and than sealing takes: whoever reads or is about to name an object has ended by then. */
const graceMs = 20 * 60_000;
const page = 1_000;
const removalsAtOnce = 500;

/**
 * Looks through the store for objects that nothing names (of executions that lost, of workers that died, of results and uploads
 * that are gone), once an hour; removes what was noticed 20 minutes ago and is named by nothing still. Names that are not
 * Baton's own are left alone.
 * @returns how many were removed
 */
export async function collectObjects(pool: Pool, objects: ObjectStore): Promise<number> {
  if (await takePass(pool, 'objects', passEveryMs)) await noticeAll(pool, objects);
  const keys = await readGarbage(pool, { olderMs: graceMs, limit: removalsAtOnce });
  if (keys.length === 0) return 0;
  const stray = await strayOf(pool, keys);
  await objects.remove(stray);
  await forgetGarbage(pool, keys);
  return stray.length;
}

async function noticeAll(pool: Pool, objects: ObjectStore): Promise<void> {
  for (const kind of objectKinds) {
    let after: string | undefined;
    do {
      const { keys, next } = await objects.list(prefixOf(kind), { after, most: page });
      await noteGarbage(pool, await strayOf(pool, keys));
      after = next;
    } while (after !== undefined);
  }
}

async function strayOf(pool: Pool, keys: readonly string[]): Promise<string[]> {
  const results = keys.flatMap((key) => {
    const named = resultOfKey(key);
    return named ? [{ key, ...named }] : [];
  });
  const uploads = keys.flatMap((key) => {
    const named = uploadOfKey(key);
    return named ? [{ key, ...named }] : [];
  });
  return [...(await findStrayResults(pool, results)), ...(await findStrayUploads(pool, uploads))];
}
