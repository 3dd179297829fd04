import { type Finish, finishPlainJobs } from '../sql/finish-jobs.sql.js';
import type { Queryable } from '../sql/statement.js';
import {
  type SettleReport,
  firstOfEachAttempt,
  type Settlement,
  type TerminalOutcome,
} from './settlement.js';

export interface PlainSettle {
  /** What was applied. */
  report: SettleReport;
  /** Stale, or more follows from its end than its worker knew: to be settled with all that follows. */
  left: Settlement[];
}

/** A success of a job from whose end nothing follows but its lane's next turn, as far as its worker was told. */
export function isPlainSuccess(settlement: Settlement): boolean {
  return settlement.kind === 'succeeded' && settlement.progress === undefined && !settlement.follows;
}

/** Settles plain successes of jobs without lanes, in one statement. */
export async function settlePlain(db: Queryable, settlements: readonly Settlement[]): Promise<PlainSettle> {
  const said = firstOfEachAttempt(settlements);
  return plainReport(settlements, said, await finishPlainJobs(db, plainFinishes(said)));
}

export function plainFinishes(said: readonly Settlement[]): Finish[] {
  return said.map((settlement) => ({ settlement, state: 'succeeded', countsAsFailure: false }));
}

/** @param said the first of each attempt @param finished the outcomes that were applied, by their execution */
export function plainReport(
  settlements: readonly Settlement[],
  said: readonly Settlement[],
  finished: ReadonlyMap<string, TerminalOutcome>,
): PlainSettle {
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
