import { admitThroughGates } from '../sql/admit-through-gates.sql.js';
import { keyGate, queueGate, sortedGates } from '../sql/gate-key.js';
import { lockGates } from '../sql/lock-gates.sql.js';
import type { Released } from '../sql/release-jobs.sql.js';
import type { Transaction } from '../transaction/transaction.js';

/**
 * Gives back the slots that the transaction has freed, and lets as many jobs through their gates as there are slots and
 * tokens, the most urgent and oldest first; those that have no further gate before them are released.
 *
 * Called once, last: gates are counters, and locked in one order, keys' before queues'. They are locked first and read
 * in a later statement: whoever waited for a gate's lock sees what its last holder committed, be it a slot that came
 * free or a job that came to stand there. What could not be let go although there was room (its row was locked, or the
 * slice was full), or must wait for tokens alone, is noted at its gate (`due_at`) and in `tx.openGates`: the timers look
 * there again.
 */
export async function passGates(tx: Transaction): Promise<Released[]> {
  const released: Released[] = [];
  for (const level of [keyGate, queueGate] as const) {
    const { touched, freed } = tx.takeGates(level);
    const gates = sortedGates([...touched, ...freed]);
    if (gates.length === 0) continue;
    const made = sortedGates(freed).length === gates.length;
    await lockGates(tx, gates, { made });
    // Through its key's gate a job may come to stand before its queue's, which is the next level.
    released.push(...(await admitThroughGates(tx, level, gates, freed)));
  }
  return released;
}
