import type { Pool } from 'pg';
import {
  findUnattendedGates,
  forgetIdleGates,
  listGatedQueues,
  listGates,
  recountSlots,
} from '../sql/count-slots.sql.js';
import { findStandingGates } from '../sql/find-due-gates.sql.js';
import { type GateKey, keyGate, levelOf, noTenant, queueGate, sortedGates } from '../sql/gate-key.js';
import { lockGates } from '../sql/lock-gates.sql.js';
import type { Released } from '../sql/release-jobs.sql.js';
import { inTransaction } from '../transaction/transaction.js';
import { passGates } from './pass-gates.js';

/** Gates of one transaction. */
const slice = 100;

export interface MendedGates {
  /** Gates that counted other than the jobs that hold their slots. */
  miscounted: number;
  /** Jobs that stood before a gate with room, and were not about to be let through. */
  stranded: number;
  released: Released[];
}

/**
 * Goes over all gates, in slices: each must count the jobs that hold its slots, and have nobody standing before it
 * whom it could let through, unless the timers are about to look there. Forgets idle gates. It must find nothing to
 * mend: whoever moves a job or a limit sees to its gates.
 */
export async function mendGates(pool: Pool, mended: (slice: MendedGates) => void): Promise<void> {
  const start: GateKey = { queue: '', key: '', tenantId: noTenant };
  await mendAll(pool, start, { find: (after) => listGates(pool, after, slice), mended });
  for (const queue of await listGatedQueues(pool)) {
    const own: GateKey = { queue, key: '', tenantId: noTenant };
    mended(await mend(pool, [own]));
    await mendAll(pool, own, { find: (after) => findStandingGates(pool, after, slice), mended });
  }
}

async function mendAll(
  pool: Pool,
  start: GateKey,
  { find, mended }: { find: (after: GateKey) => Promise<GateKey[]>; mended: (slice: MendedGates) => void },
): Promise<void> {
  for (let after: GateKey | undefined = start; after;) {
    const gates: GateKey[] = await find(after);
    // Keys' gates come before queues' in the one lock order: each sort has a transaction of its own.
    for (const level of [keyGate, queueGate]) {
      const ofLevel = gates.filter((gate) => levelOf(gate) === level);
      if (ofLevel.length > 0) mended(await mend(pool, ofLevel));
    }
    after = gates.length === slice ? gates.at(-1) : undefined;
  }
}

function mend(pool: Pool, gates: readonly GateKey[]): Promise<MendedGates> {
  return inTransaction(pool, async (tx) => {
    const sorted = sortedGates(gates);
    await lockGates(tx, sorted);
    const miscounted = await recountSlots(tx, sorted);
    for (const gate of await findUnattendedGates(tx, sorted)) tx.touchGate(gate);
    const released = await passGates(tx);
    await forgetIdleGates(tx, sorted);
    return { miscounted, stranded: miscounted > 0 ? 0 : released.length, released };
  });
}
