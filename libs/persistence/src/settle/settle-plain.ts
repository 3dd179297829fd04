import { finishPlainJobs } from '../sql/finish-jobs.sql.js';
import type { Queryable } from '../sql/statement.js';
import { type SettleReport, firstOfEachAttempt, type Settlement } from './settlement.js';

/** A success of a job from whose end nothing follows, as far as its worker was told. */
export function isPlainSuccess(settlement: Settlement): boolean {
  return (
    settlement.kind === 'succeeded' &&
    settlement.orderingKey === undefined &&
    settlement.progress === undefined &&
    !settlement.follows
  );
}

/**
 * Settles plain successes, in one statement.
 * @returns what was applied; and what was not, since it is stale, or more follows from its end than its worker knew:
 *   that is to be settled with all that follows
 */
export async function settlePlain(
  db: Queryable,
  settlements: readonly Settlement[],
): Promise<{ report: SettleReport; left: Settlement[] }> {
  const said = firstOfEachAttempt(settlements);
  const finished = await finishPlainJobs(
    db,
    said.map((settlement) => ({ settlement, state: 'succeeded', countsAsFailure: false })),
  );
  const applied = new Set(said.filter((s) => finished.has(s.executionId)));
  return {
    report: {
      settled: [...applied].map((settlement) => {
        const outcome = finished.get(settlement.executionId)!;
        return { settlement, verdict: 'applied', state: 'succeeded', terminal: outcome, trace: outcome };
      }),
      released: [],
      openGates: [],
      cascaded: [],
      followUps: [],
    },
    left: settlements.filter((s) => !applied.has(s)),
  };
}
