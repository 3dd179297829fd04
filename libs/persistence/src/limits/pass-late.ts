import type { Pool } from 'pg';
import type { SettleReport } from '../settle/settlement.js';
import { inTransaction, type Transaction } from '../transaction/transaction.js';
import { passGates } from './pass-gates.js';

/** What a settle tells of gates. */
export type Passed = Required<Pick<SettleReport, 'released' | 'handed' | 'openGates'>>;

/**
 * Of a transaction that sent its COMMIT before it knew which gates it would touch: of a queue that got its limits after its jobs
 * had taken their places, some came to stand before a gate, and nobody has seen to them. They are seen to in another
 * transaction. The first one has settled its batch, so this does not fail: what it leaves, the sweep over gates finds.
 * @returns what came of both
 */
export async function passLate(
  pool: Pool,
  { tx, released }: { tx: Transaction; released: Passed['released'] },
): Promise<Passed> {
  const passed = { released, handed: tx.handed, openGates: [...tx.openGates] };
  const gates = tx.takeTouched();
  if (gates.length === 0) return passed;
  const passing = inTransaction(pool, async (late) => {
    late.offer = tx.offer;
    for (const gate of gates) late.touchGate(gate);
    const more = await passGates(late);
    return {
      released: [...released, ...more],
      handed: [...passed.handed, ...late.handed],
      openGates: [...passed.openGates, ...late.openGates],
    };
  });
  return passing.catch(() => passed);
}
