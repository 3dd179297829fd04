import { findUnpublishedOf } from '../sql/publish-events.sql.js';
import { handUniqueKeys, findHolders, findKeysOfDead } from '../sql/replay-unique.sql.js';
import { lockUniqueKeys, uniqueKeyId } from '../sql/lock-unique-keys.sql.js';
import { replayJobs, type Replayed, type ReplayParams } from '../sql/replay-jobs.sql.js';
import type { Transaction } from '../transaction/transaction.js';

export interface ReplayReport {
  /** Wake the timers. */
  replayed: Replayed[];
  /** Jobs that stay dead, each with the live job that is unique by the same. */
  inTheWay: Map<string, string>;
  /** Jobs that stay dead for the moment: the end of their logs is still to be published, and goes with the generation. */
  unpublished: Set<string>;
}

/**
 * Replays dead jobs but those whose last events are on their way to `baton.events`, which a new generation would hide, and
 * those that a live job is in the way of, which is unique by the same: of several dead ones of one
 * key, one comes back. It takes the key, whose window stays as it was.
 */
export async function replayDead(tx: Transaction, wanted: ReplayParams): Promise<ReplayReport> {
  const unpublished = await findUnpublishedOf(tx, wanted.jobIds);
  const jobIds = wanted.jobIds.filter((id) => !unpublished.has(id));
  return { ...(await replayPublished(tx, { ...wanted, jobIds })), unpublished };
}

async function replayPublished(
  tx: Transaction,
  params: ReplayParams,
): Promise<Omit<ReplayReport, 'unpublished'>> {
  const wanted = await findKeysOfDead(tx, params);
  const inTheWay = new Map<string, string>();
  if (wanted.length === 0) return { replayed: await replayJobs(tx, params), inTheWay };
  const first = new Map<string, string>();
  for (const key of wanted) {
    const id = uniqueKeyId(key);
    const before = first.get(id);
    if (before === undefined) first.set(id, key.jobId);
    else inTheWay.set(key.jobId, before);
  }
  const asking = wanted.filter(({ jobId }) => !inTheWay.has(jobId));
  const keys = await lockUniqueKeys(tx, asking);
  const live = await findHolders(
    tx,
    [...keys.values()].map(({ jobId }) => jobId),
  );
  for (const key of asking) {
    const holder = keys.get(uniqueKeyId(key))?.jobId;
    if (holder !== undefined && holder !== key.jobId && live.has(holder)) inTheWay.set(key.jobId, holder);
  }
  await handUniqueKeys(
    tx,
    asking.filter(({ jobId }) => !inTheWay.has(jobId)),
  );
  const jobIds = params.jobIds.filter((id) => !inTheWay.has(id));
  return { replayed: await replayJobs(tx, { ...params, jobIds }), inTheWay };
}
