import { BatonError } from '@baton/contracts';
import type { Pool } from 'pg';
import { passGates } from '../limits/pass-gates.js';
import { followEnds } from '../settle/follow-ends.js';
import { handBack } from '../settle/hand-back.js';
import type { Settled, Settlement, SettleReport } from '../settle/settlement.js';
import { findCrashingLanes } from '../sql/find-crashing-lanes.sql.js';
import type { LostWorker } from '../sql/find-lost-workers.sql.js';
import { finishJobs, type Finish } from '../sql/finish-jobs.sql.js';
import { giveUpWorker, lockOwnedJobs, type OwnedJob } from '../sql/give-up-worker.sql.js';
import { laneId, type LaneKey } from '../sql/lane-key.js';
import { lockLanes } from '../sql/lock-lanes.sql.js';
import { markLosses } from '../sql/mark-losses.sql.js';
import { inTransaction, type Transaction } from '../transaction/transaction.js';

export interface Rescue {
  /** What it ran, under the attempts that are over now. */
  jobs: OwnedJob[];
  /** What was released again; and the end of jobs that have crashed as often as their queues allow. */
  report: SettleReport;
}

/**
 * Gives a worker up and releases what it runs, each job under its next attempt, so that nothing it still says of
 * the old ones counts. Unless its lease merely lapsed, each runs alone next time; one that was alone has crashed, and
 * ends as dead, `crash_loop`, when it has done so as often as its queue allows.
 * @returns undefined when the worker turned out to be there
 * @throws BatonError `unavailable` when a lane of a job that is to end stays locked elsewhere: nothing has changed
 */
export function rescueWorker(pool: Pool, worker: LostWorker): Promise<Rescue | undefined> {
  return inTransaction(pool, async (tx) => {
    const state = await giveUpWorker(tx, worker);
    if (state === undefined) return undefined;
    const lanes = await lockLanes(tx, await findCrashingLanes(tx, worker.workerId), { create: false });
    const jobs = await lockOwnedJobs(tx, worker.workerId);
    const died = worker.reason !== 'lease' && state === 'lost';
    const crashed = await markLosses(tx, jobs.map(idOf), { died });
    const ends = jobs.filter((job) => crashed.has(job.jobId));
    assertLocked(ends, lanes.locked);
    const { settled, ended } = await endCrashed(tx, ends, crashed);
    const released = await handBack(tx, jobs.filter((job) => !crashed.has(job.jobId)).map(idOf));
    released.push(...(await followEnds(tx, ended)), ...(await passGates(tx)));
    const { followUps } = tx;
    return { jobs, report: { settled, released, openGates: [...tx.openGates], cascaded: [], followUps } };
  });
}

const idOf = ({ jobId }: OwnedJob): string => jobId;

/** A lane that is busy, or whose job was marked as alone only just now: all of it is tried again. */
function assertLocked(ends: readonly OwnedJob[], locked: readonly LaneKey[]): void {
  const ours = new Set(locked.map(laneId));
  for (const { tenantId, queue, orderingKey } of ends) {
    if (orderingKey !== null && !ours.has(laneId({ tenantId, queue, orderingKey })))
      throw new BatonError(
        'unavailable',
        `the lane "${orderingKey}" of a job that crashes is locked elsewhere`,
      );
  }
}

async function endCrashed(tx: Transaction, jobs: readonly OwnedJob[], crashes: ReadonlyMap<string, number>) {
  const finishes = jobs.map((job) => crashLoop(job, crashes.get(job.jobId)!));
  const finished = await finishJobs(tx, finishes);
  const settled = finishes.flatMap(({ settlement }): Settled[] => {
    const terminal = finished.get(settlement.executionId)?.outcome;
    return terminal ? [{ settlement, verdict: 'applied', state: 'dead', terminal, trace: terminal }] : [];
  });
  return { settled, ended: [...finished.values()].map(({ ended }) => ended) };
}

function crashLoop(job: OwnedJob, crashes: number): Finish {
  const { jobId, attempt, executionId, workerId, tenantId, queue, orderingKey, startedAtMs } = job;
  const settlement: Settlement = {
    jobId,
    attempt,
    executionId,
    workerId,
    tenantId,
    queue,
    startedAtMs,
    orderingKey: orderingKey ?? undefined,
    kind: 'failed',
    error: {
      code: 'crash_loop',
      message: `its worker process died ${crashes} times while it ran this job alone`,
      retryable: false,
    },
  };
  return { settlement, state: 'dead', countsAsFailure: true };
}
