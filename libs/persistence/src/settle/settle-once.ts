import { advanceLanes } from '../sql/advance-lanes.sql.js';
import { endAttempts } from '../sql/end-attempts.sql.js';
import { type Finish, finishJobs } from '../sql/finish-jobs.sql.js';
import { laneId, type LaneKey } from '../sql/lane-key.js';
import { lockJobs } from '../sql/lock-jobs.sql.js';
import { lockLanes } from '../sql/lock-lanes.sql.js';
import { placeDue } from '../sql/place-due.sql.js';
import { releaseJobs } from '../sql/release-jobs.sql.js';
import { startJobs } from '../sql/start-jobs.sql.js';
import type { Transaction } from '../transaction/transaction.js';
import { decide, type Decision } from './decide.js';
import type { SettleReport } from './settle-batch.js';
import { firstOfEachAttempt, type Settled, type Settlement } from './settlement.js';
import { staleVerdicts } from './stale-verdicts.js';

/**
 * The statements of one settle, in the order that the protocol needs:
 * 1. lock the lanes of what may end its job;
 * 2. apply: bind, finish, retry, hand back, each fenced by attempt and execution;
 * 3. in later statements, with their newer snapshots: let the lanes' next go.
 * A batch of plain successes pays for one statement of step 2 alone.
 */
export async function settleOnce(
  tx: Transaction,
  settlements: readonly Settlement[],
  random: () => number,
): Promise<SettleReport> {
  const lanes = await lockLanes(tx, settlements.filter(mayEndLaneJob).map(laneOf), { create: false });
  const busy = new Set(lanes.busy.map(laneId));
  const waiting = new Set(settlements.filter((s) => mayEndLaneJob(s) && busy.has(laneId(laneOf(s)))));
  const said = settlements.filter((s) => !waiting.has(s));

  const ended = firstOfEachAttempt(said.filter((s) => s.kind !== 'started'));
  const endedNow = new Set(ended.map((s) => s.executionId));
  const started = said.filter((s) => s.kind === 'started' && !endedNow.has(s.executionId));
  const running = await startJobs(tx, started);

  const decisions = await decideAll(tx, ended, random);
  const finished = await finishJobs(
    tx,
    decisions.flatMap((d) => (d.finish ? [d.finish] : [])),
  );
  const attempts = await endAttempts(
    tx,
    decisions.flatMap((d) => (d.attempt ? [d.attempt] : [])),
  );
  const rows = new Map(attempts.map((row) => [row.jobId, row]));
  const alive = new Map(
    decisions.flatMap((d) => (d.attempt ? [[d.settlement.executionId, rows.get(d.attempt.jobId)!]] : [])),
  );
  const handedBack = decisions.flatMap((d) =>
    d.attempt && d.attempt.delayMs === null ? [d.attempt.jobId] : [],
  );
  const released = await releaseJobs(tx, handedBack);

  const freed = decisions.filter(
    (d) => finished.has(d.settlement.executionId) && mayEndLaneJob(d.settlement),
  );
  const freeLanes = freed.map((d) => laneOf(d.settlement));
  await placeDue(tx, freeLanes);
  released.push(...(await advanceLanes(tx, freeLanes)));

  // What an outcome did, its `started` in the same batch did with it.
  const settledOf = (s: Settlement): Settled | undefined => {
    const terminal = finished.get(s.executionId);
    if (terminal)
      return {
        settlement: s,
        verdict: 'applied',
        state: terminal.state,
        ...(s.kind === 'started' ? {} : { terminal }),
      };
    const row = alive.get(s.executionId);
    if (row) return { settlement: s, verdict: 'applied', state: row.state };
    if (s.kind === 'started' && running.has(s.executionId))
      return { settlement: s, verdict: 'applied', state: 'running' };
    return undefined;
  };
  const verdicts = await staleVerdicts(
    tx,
    said.filter((s) => !settledOf(s)),
  );
  const retries = attempts.filter((row) => row.state === 'scheduled').map((row) => row.runAtMs!);
  return {
    settled: settlements.map((s) => settledOf(s) ?? { settlement: s, verdict: verdicts.get(s) ?? 'busy' }),
    released,
    earliestRetryMs: retries.length > 0 ? Math.min(...retries) : undefined,
  };
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
    return job ? decide(settlement, job, random) : [];
  });
}

function mayEndLaneJob(s: Settlement): boolean {
  return (
    s.orderingKey !== undefined && (s.kind === 'succeeded' || s.kind === 'failed' || s.kind === 'cancelled')
  );
}

function laneOf(s: Settlement): LaneKey {
  return { tenantId: s.tenantId, queue: s.queue, orderingKey: s.orderingKey! };
}
