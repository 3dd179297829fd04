import type { Pool } from 'pg';
import { enterStep, exhaustPlan, lockDuePlans } from '../sql/delivery-plans.sql.js';
import { inTransaction } from '../transaction/transaction.js';

/** Lets plans whose step has had its time enter the next. @returns how many; `limit` when there may be more */
export function advancePlans(pool: Pool, limit: number): Promise<number> {
  return inTransaction(pool, async (tx) => {
    const due = await lockDuePlans(tx, limit);
    for (const plan of due) {
      const next = plan.step + 1;
      await (next < plan.steps.length ? enterStep(tx, plan, next) : exhaustPlan(tx, plan));
    }
    return due.length;
  });
}
