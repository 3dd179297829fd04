import type { Transaction } from '../transaction/transaction.js';
import { gateColumns, type GateKey, gateRows, ofGate } from './gate-key.js';
import { run } from './statement.js';

const insertMissing = `
INSERT INTO baton.gate (queue, key, tenant_id)
SELECT k.* FROM ${gateRows}
WHERE NOT EXISTS (SELECT FROM baton.gate g WHERE ${ofGate('g')})
ORDER BY k.queue, k.key, k.tenant_id
ON CONFLICT DO NOTHING`;

const lock = `
SELECT 1 AS one FROM ${gateRows} JOIN baton.gate g ON ${ofGate('g')}
ORDER BY g.queue, g.key, g.tenant_id
FOR UPDATE OF g`;

/**
 * Locks gates for the rest of the transaction, waiting for each in turn; one that is not there is made. Gates come last
 * in the one lock order: whoever holds one waits for nothing but another gate.
 * @param gates sorted
 */
export async function lockGates(tx: Transaction, gates: readonly GateKey[]): Promise<void> {
  // The sweep deletes idle gates: one that was there when it was not made may be gone when it is to be locked.
  for (let locked = 0; locked < gates.length;) {
    const made = run(tx, 'lock-gates-insert', insertMissing, gateColumns(gates));
    [, locked] = await Promise.all([made, lockGatesThere(tx, gates)]);
  }
}

/** The same without those that are not there. @returns how many are locked now */
export async function lockGatesThere(tx: Transaction, gates: readonly GateKey[]): Promise<number> {
  tx.locking('counters');
  return (await run(tx, 'lock-gates', lock, gateColumns(gates))).length;
}
