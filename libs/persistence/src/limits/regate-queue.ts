import type { Pool } from 'pg';
import { findStandingGates } from '../sql/find-due-gates.sql.js';
import { type GateKey, noTenant } from '../sql/gate-key.js';
import {
  type ChangedQueue,
  findChangedQueues,
  lockBeforeQueue,
  markRegated,
} from '../sql/regate-jobs.sql.js';
import { type Released, releaseJobs } from '../sql/release-jobs.sql.js';
import { inTransaction } from '../transaction/transaction.js';
import { passGates } from './pass-gates.js';

/** Jobs or gates of one transaction. */
const slice = 200;

/**
 * After a change of settings: jobs take their stand before the gates that hold for them now, and all gates of the queue
 * are looked at, so that a limit which was raised or removed, or a pause that ended, holds nobody. In slices, each a
 * transaction of its own; what is broken off is done again, since the queue's mark goes last.
 * @param released is told of each slice's
 */
export async function regateQueues(
  pool: Pool,
  released: (jobs: readonly Released[]) => void,
): Promise<boolean> {
  const changed = await findChangedQueues(pool);
  for (const queue of changed) await regate(pool, queue, released);
  return changed.length > 0;
}

async function regate(
  pool: Pool,
  queue: ChangedQueue,
  released: (jobs: readonly Released[]) => void,
): Promise<void> {
  const own: GateKey = { queue: queue.name, key: '', tenantId: noTenant };
  for (let after = { priority: -1, id: noTenant }; ;) {
    const jobs = await inTransaction(pool, async (tx) => {
      const standing = await lockBeforeQueue(tx, queue.name, after, slice);
      await releaseJobs(
        tx,
        standing.flatMap(({ id, moves }) => (moves ? [id] : [])),
      );
      released(await passGates(tx));
      return standing;
    });
    const last = jobs.at(-1);
    if (!last || jobs.length < slice) break;
    after = last;
  }
  for (let after: GateKey | undefined = own; after;) {
    const from: GateKey = after;
    after = await inTransaction(pool, async (tx) => {
      const gates = await findStandingGates(tx, from, slice);
      for (const gate of gates) tx.touchGate(gate);
      released(await passGates(tx));
      return gates.length === slice ? gates.at(-1) : undefined;
    });
  }
  await inTransaction(pool, async (tx) => {
    tx.touchGate(own);
    released(await passGates(tx));
  });
  await markRegated(pool, queue);
}
