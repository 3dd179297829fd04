import type { Pool } from 'pg';
import { findDueGates } from '../sql/find-due-gates.sql.js';
import type { Released } from '../sql/release-jobs.sql.js';
import { inTransaction } from '../transaction/transaction.js';
import { passGates } from './pass-gates.js';

/**
 * Looks at the gates whose time has come, at most `limit`, and lets through what tokens and slots allow.
 * @returns what was released, and whether more gates may be due
 */
export function pumpGates(pool: Pool, limit: number): Promise<{ released: Released[]; more: boolean }> {
  return inTransaction(pool, async (tx) => {
    const gates = await findDueGates(tx, limit);
    for (const gate of gates) tx.touchGate(gate);
    return { released: await passGates(tx), more: gates.length === limit };
  });
}
