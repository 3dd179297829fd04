import { type Finish, finishPlainJobs } from '../sql/finish-jobs.sql.js';
import type { Queryable } from '../sql/statement.js';
import {
  type SettleReport,
  firstOfEachAttempt,
  type Settlement,
  type TerminalOutcome,
} from './settlement.js';

/** What was applied; and what was not, since it is stale, or more follows from its end than its worker knew: that is to be settled with all that follows. */
export interface PlainSettle {
  report: SettleReport;
  left: Settlement[];
}

/** A success of a job from whose end nothing follows but its lane's next turn, as far as its worker was told. */
export function isPlainSuccess(settlement: Settlement): boolean {
  return settlement.kind === 'succeeded' && settlement.progress === undefined && !settlement.follows;
}

/** Settles plain successes of jobs without lanes, in one statement. */
export async function settlePlain(db: Queryable, settlements: readonly Settlement[]): Promise<PlainSettle> {
  const finished = await finishPlainJobs(db, plainFinishes(firstOfEachAttempt(settlements)));
  return plainReport(settlements, finished);
}

export function plainFinishes(said: readonly Settlement[]): Finish[] {
  return said.map((settlement) => ({ settlement, state: 'succeeded', countsAsFailure: false }));
}

/** @param finished the outcomes that were applied, by their execution */
export function plainReport(
  settlements: readonly Settlement[],
  finished: ReadonlyMap<string, TerminalOutcome>,
): PlainSettle {
  const applied = new Set(firstOfEachAttempt(settlements).filter((s) => finished.has(s.executionId)));
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
