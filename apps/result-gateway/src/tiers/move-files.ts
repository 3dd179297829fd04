import { type ObjectStore, resultKey } from '@baton/objects';
import {
  claimDueFiles,
  dropFile,
  type DueFile,
  inTransaction,
  noteExpiring,
  noteJobEvents,
  pointToObject,
  readFilePlace,
} from '@baton/persistence';
import type { Pool } from 'pg';

/** Files at once: each is in memory while it is moved. */
export const filesAtOnce = 8;

/** What became of the files that were due. */
export interface Moved {
  moved: number;
  announced: number;
  dropped: number;
  /** More may be due. */
  more: boolean;
}

/**
 * One look at the files whose time has come. hot (in PostgreSQL) → moved to S3: warm → announced → dropped. A move writes the
 * copy, then lets the row point to it: a reader finds the file in either. What fails is looked at again a minute later.
 * @param objects undefined: what lies in PostgreSQL stays there
 * @param onFault of one file; the others go on
 */
export async function moveFiles(
  pool: Pool,
  objects: ObjectStore | undefined,
  onFault: (error: Error, jobId: string) => void,
): Promise<Moved> {
  const due = await claimDueFiles(pool, { limit: filesAtOnce, moving: objects !== undefined });
  const done: Moved = { moved: 0, announced: 0, dropped: 0, more: due.length === filesAtOnce };
  await Promise.all(
    due.map(async (file) => {
      try {
        if (file.key === null) done.moved += Number(await move(pool, objects, file));
        else if (file.over) done.dropped += Number(await dropFile(pool, file.jobId));
        else done.announced += Number(await announce(pool, file.jobId));
      } catch (error) {
        onFault(error as Error, file.jobId);
      }
    }),
  );
  return done;
}

async function move(pool: Pool, objects: ObjectStore | undefined, file: DueFile): Promise<boolean> {
  const { jobId, executionId, mediaType } = file;
  const place = await readFilePlace(pool, jobId);
  if (!place?.bytes || !objects) return false;
  const key = resultKey(file);
  await objects.put(key, place.bytes, { mediaType });
  return pointToObject(pool, { jobId, executionId, key });
}

function announce(pool: Pool, jobId: string): Promise<boolean> {
  return inTransaction(pool, async (tx) => {
    const noted = await noteExpiring(tx, jobId);
    if (noted) await noteJobEvents(tx, [jobId], 'result.expiring');
    return noted;
  });
}
