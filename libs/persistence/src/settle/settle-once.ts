import { passGates } from '../limits/pass-gates.js';
import { endAttempts, type EndedRow } from '../sql/end-attempts.sql.js';
import { type Finish, type Finished, finishJobs } from '../sql/finish-jobs.sql.js';
import { laneId, type LaneKey } from '../sql/lane-key.js';
import { keepProgress } from '../sql/keep-progress.sql.js';
import { lockJobs } from '../sql/lock-jobs.sql.js';
import { lockLanes } from '../sql/lock-lanes.sql.js';
import { releaseJobs } from '../sql/release-jobs.sql.js';
import { startJobs } from '../sql/start-jobs.sql.js';
import type { Transaction } from '../transaction/transaction.js';
import { decide, type Decision } from './decide.js';
import {
  firstOfEachAttempt,
  laneOf,
  type Settled,
  type SettleReport,
  type Settlement,
} from './settlement.js';
import { followEnds } from './follow-ends.js';
import { progressNotes } from './progress-notes.js';
import { staleVerdicts } from './stale-verdicts.js';

/**
 * The statements of one settle, in the order that the protocol needs:
 * 1. lock the lanes of what may end its job;
 * 2. apply: bind, keep progress, finish, retry, hand back, each fenced by attempt and execution;
 * 3. in later statements, with their newer snapshots: what follows from the ends, and last the gates.
 * A batch of plain successes pays for one statement of step 2 alone.
 */
export async function settleOnce(
  tx: Transaction,
  settlements: readonly Settlement[],
  random: () => number,
): Promise<SettleReport> {
  const lanes = await lockLanes(
    tx,
    settlements.flatMap((s) => laneThatMayMove(s) ?? []),
    { create: false },
  );
  const busy = new Set(lanes.busy.map(laneId));
  const isBusy = (lane: LaneKey | undefined): boolean => lane !== undefined && busy.has(laneId(lane));
  const waiting = new Set(settlements.filter((s) => isBusy(laneThatMayMove(s))));
  const said = settlements.filter((s) => !waiting.has(s));

  const ended = firstOfEachAttempt(said.filter(endsAttempt));
  const endedNow = new Set(ended.map((s) => s.executionId));
  const started = said.filter((s) => s.kind === 'started' && !endedNow.has(s.executionId));
  const noted = progressNotes(said, ended);
  await lockIfMixed(tx, { started, noted, ended });
  const running = await startJobs(tx, [...started, ...noted]);
  const kept = await keepProgress(tx, noted);
  for (const { executionId } of kept) running.add(executionId);

  const decisions = await decideAll(tx, ended, random);
  const finished = await finishJobs(
    tx,
    decisions.flatMap((d) => (d.finish ? [d.finish] : [])),
  );
  const attempts = await endAttempts(
    tx,
    decisions.flatMap((d) => (d.attempt ? [d.attempt] : [])),
  );
  const released = await releaseJobs(
    tx,
    decisions.flatMap((d) => (d.attempt?.delayMs === null ? [d.attempt.jobId] : [])),
    { again: true },
  );

  tx.freeSlots(decisions.flatMap((d) => (d.job && d.attempt && d.attempt.delayMs !== null ? [d.job] : [])));
  released.push(
    ...(await followEnds(
      tx,
      [...finished.values()].map(({ ended }) => ended),
    )),
  );

  const applied = appliedOf(decisions, { running, finished, attempts });
  const stale = said.filter((s) => !applied.has(s.executionId));
  const verdicts = await staleVerdicts(tx, stale);
  released.push(...(await passGates(tx, { commits: true })));
  const retries = attempts.filter((row) => row.state === 'scheduled').map((row) => row.runAtMs!);
  return {
    settled: settlements.map((settlement): Settled => {
      const effect = applied.get(settlement.executionId);
      if (!effect || waiting.has(settlement))
        return { settlement, verdict: verdicts.get(settlement) ?? 'busy' };
      // What an outcome did, its `started` and `progress` in the same batch did with it: it is not told a second time.
      return !endsAttempt(settlement) && effect.state !== 'running'
        ? { settlement, verdict: 'applied', state: effect.state }
        : { settlement, verdict: 'applied', ...effect };
    }),
    released,
    progressed: kept.filter(({ told }) => told).map(({ jobId }) => jobId),
    openGates: [],
    cascaded: [],
    followUps: tx.followUps,
    earliestRetryMs: retries.length > 0 ? Math.min(...retries) : undefined,
  };
}

/** Starts, ends and the rest lock their jobs in statements of their own, each in one order: together they have none. */
async function lockIfMixed(
  tx: Transaction,
  { started, noted, ended }: Record<'started' | 'noted' | 'ended', readonly Settlement[]>,
): Promise<void> {
  const succeeded = ended.filter(({ kind }) => kind === 'succeeded').length;
  const groups = [started.length + noted.length, succeeded, ended.length - succeeded];
  if (groups.filter((size) => size > 0).length < 2) return;
  await lockJobs(tx, [...new Set([...started, ...noted, ...ended].map(({ jobId }) => jobId))]);
}

type Effect = Required<Pick<Settled, 'state'>> & Pick<Settled, 'terminal' | 'trace'>;

/** What came of each execution whose words were applied. */
function appliedOf(
  decisions: readonly Decision[],
  {
    running,
    finished,
    attempts,
  }: { running: Set<string>; finished: Map<string, Finished>; attempts: EndedRow[] },
): Map<string, Effect> {
  const effects = new Map<string, Effect>(
    [...running].map((executionId) => [executionId, { state: 'running' }]),
  );
  const rows = new Map(attempts.map((row) => [row.jobId, row]));
  for (const { settlement, attempt } of decisions) {
    const terminal = finished.get(settlement.executionId)?.outcome;
    const row = attempt && rows.get(attempt.jobId);
    if (terminal) effects.set(settlement.executionId, { state: terminal.state, terminal, trace: terminal });
    else if (row)
      effects.set(settlement.executionId, {
        state: attempt.delayMs === null ? 'queued' : 'scheduled',
        trace: row,
      });
  }
  return effects;
}

/** Successes need no look at their job: finishJobs fences them itself. The others are decided under its lock. */
async function decideAll(
  tx: Transaction,
  ended: readonly Settlement[],
  random: () => number,
): Promise<Decision[]> {
  const unsure = ended.filter((s) => s.kind !== 'succeeded');
  const jobs = await lockJobs(
    tx,
    unsure.map((s) => s.jobId),
  );
  return ended.flatMap((settlement): Decision[] => {
    if (settlement.kind === 'succeeded') {
      const finish: Finish = { settlement, state: 'succeeded', countsAsFailure: false };
      return [{ settlement, finish }];
    }
    const job = jobs.get(settlement.jobId);
    return job ? decide(settlement, job, random).map((decision) => ({ ...decision, job })) : [];
  });
}

function endsAttempt({ kind }: Settlement): boolean {
  return kind !== 'started' && kind !== 'progress';
}

/** Even a snooze or a hand-back ends a job whose cancel was requested. */
function laneThatMayMove(settlement: Settlement): LaneKey | undefined {
  return endsAttempt(settlement) ? laneOf(settlement) : undefined;
}
