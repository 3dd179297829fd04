import { admitThroughGates } from '../sql/admit-through-gates.sql.js';
import {
  type Freed,
  type GateKey,
  type GateLevel,
  keyGate,
  queueGate,
  sortedGates,
} from '../sql/gate-key.js';
import { lockGates, lockGatesThere } from '../sql/lock-gates.sql.js';
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
 * @param options.commits sends COMMIT with the last statement, where that is known before its answer: then others wait for
 *   the gates no longer than PostgreSQL takes, and not until this process has got round to it. What comes to stand before a
 *   gate in spite of that is left to `passLate`
 */
export async function passGates(tx: Transaction, { commits = false } = {}): Promise<Released[]> {
  const released: Released[] = [];
  for (const level of [keyGate, queueGate] as const) {
    if (tx.isCommitted) break;
    const { touched, freed } = tx.takeGates(level);
    const gates = sortedGates([...touched, ...freed]);
    if (gates.length === 0) continue;
    const isLast = level === queueGate || !tx.hasGates(queueGate);
    // Through its key's gate a job may come to stand before its queue's, which is the next level.
    released.push(...(await passLevel(tx, { level, gates, freed, commits: commits && isLast })));
  }
  return released;
}

interface Pass {
  level: GateLevel;
  gates: readonly GateKey[];
  freed: readonly Freed[];
  commits: boolean;
}

async function passLevel(tx: Transaction, { level, gates, freed, commits }: Pass): Promise<Released[]> {
  if (sortedGates(freed).length < gates.length) {
    await lockGates(tx, gates);
    return admitThroughGates(tx, level, gates, freed);
  }
  // A gate whose slots are given back is there, so all is sent at once. Were one swept away that had miscounted, nobody would
  // stand before it but who comes with this transaction, and the sweep finds those.
  const [, released] = await Promise.all([
    lockGatesThere(tx, gates),
    admitThroughGates(tx, level, gates, freed),
    commits && tx.commit(),
  ]);
  return released;
}
