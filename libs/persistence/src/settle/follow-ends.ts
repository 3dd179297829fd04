import { advanceLanes } from '../sql/advance-lanes.sql.js';
import type { LaneKey } from '../sql/lane-key.js';
import { freeUniqueKeys } from '../sql/lock-unique-keys.sql.js';
import { noteFollowUps } from '../sql/note-follow-ups.sql.js';
import { placeDue } from '../sql/place-due.sql.js';
import type { Released } from '../sql/release-jobs.sql.js';
import type { Transaction } from '../transaction/transaction.js';
import { noteEnds } from '../webhooks/note-ends.js';
import type { EndedJob } from './ended-job.js';

/**
 * What follows, in the same transaction, from the end of jobs, whoever ended them: their lanes' next go, their slots are
 * given back (`passGates` hands them on, last), their unique keys are free, their dependants are noted to be told, and so
 * are webhooks.
 * @param ended their lanes are locked
 */
export async function followEnds(tx: Transaction, ended: readonly EndedJob[]): Promise<Released[]> {
  const lanes = ended.flatMap(({ tenantId, queue, orderingKey }): LaneKey[] =>
    orderingKey === null ? [] : [{ tenantId, queue, orderingKey }],
  );
  await placeDue(tx, lanes);
  const released = await advanceLanes(tx, lanes);
  const more = ended.filter((job) => job.follows);
  if (more.length === 0) return released;
  await noteFollowUps(
    tx,
    more.filter((job) => job.hasDependants),
  );
  await noteEnds(tx, more);
  await freeUniqueKeys(
    tx,
    more.flatMap(({ uniqueHash: hash, ...job }) => (hash ? [{ ...job, hash }] : [])),
  );
  tx.freeSlots(more);
  return released;
}
