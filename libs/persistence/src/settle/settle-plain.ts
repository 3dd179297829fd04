import { finishJobs } from '../sql/finish-jobs.sql.js';
import type { Queryable } from '../sql/statement.js';
import { type SettleReport, firstOfEachAttempt, type Settlement } from './settlement.js';
import { staleVerdicts } from './stale-verdicts.js';

/** A success of a job without a lane: nothing follows from it but its end. */
export function isPlainSuccess(settlement: Settlement): boolean {
  return settlement.kind === 'succeeded' && settlement.orderingKey === undefined;
}

/** Settles plain successes, in one statement; a second one only where some were stale. */
export async function settlePlain(db: Queryable, settlements: readonly Settlement[]): Promise<SettleReport> {
  const said = firstOfEachAttempt(settlements);
  const finished = await finishJobs(
    db,
    said.map((settlement) => ({ settlement, state: 'succeeded', countsAsFailure: false })),
  );
  const applied = new Set(said.filter((s) => finished.has(s.executionId)));
  const verdicts = await staleVerdicts(
    db,
    settlements.filter((s) => !applied.has(s)),
  );
  return {
    settled: settlements.map((settlement) => {
      const verdict = verdicts.get(settlement);
      if (verdict) return { settlement, verdict };
      const terminal = finished.get(settlement.executionId)!;
      return { settlement, verdict: 'applied', state: 'succeeded', terminal, trace: terminal };
    }),
    released: [],
  };
}
