import { limits } from '@baton/contracts';
import { passGates } from '../limits/pass-gates.js';
import { followEnds } from '../settle/follow-ends.js';
import type { JobFailure, TerminalOutcome } from '../settle/settlement.js';
import { advanceLanes } from '../sql/advance-lanes.sql.js';
import { countParentsDown, laneOfChild, scheduleChildren } from '../sql/count-parents-down.sql.js';
import { endCancelled } from '../sql/cancel-jobs.sql.js';
import {
  type Dependant,
  findDependants,
  type FollowUp,
  forgetFollowUps,
  readFollowUps,
  takeTelling,
} from '../sql/find-dependants.sql.js';
import { laneId } from '../sql/lane-key.js';
import { lockLanes } from '../sql/lock-lanes.sql.js';
import { placeDue } from '../sql/place-due.sql.js';
import { releaseJobs, type Released } from '../sql/release-jobs.sql.js';
import type { Transaction } from '../transaction/transaction.js';

/** What one slice did. */
export interface Told {
  released: Released[];
  openGates: string[];
  /** Children that were cancelled with their parents. */
  cancelled: TerminalOutcome[];
  /** Children are due whose lanes others have locked: wake the timers. */
  dueNow: boolean;
  /** Parents all of whose dependants have been told. */
  finished: string[];
  /** Children whose own dependants are to be told now. */
  followUps: string[];
}

/**
 * Tells at most 500 dependants of the end of parents, in a transaction of its own: the lanes of those that may go first,
 * then the children, by id. In one transaction with the parents' ends, whose jobs are locked by then, a fan-in into a
 * lane would lock them the wrong way round.
 * A success, or a failure that is to be run over, counts a child down; at none it is released, or made due where it has
 * a lane. A child that is cancelled with its parent is one more ended job, and its own dependants are noted.
 * @param jobIds parents, whose ends are noted in `follow_up`
 */
export async function tellDependants(tx: Transaction, jobIds: readonly string[]): Promise<Told> {
  // Read before the dependants are: a note that is raised after this is not deleted below.
  const noted = await readFollowUps(tx, jobIds);
  const dependants = await findDependants(tx, jobIds, limits.batch);
  const lanes = await lockLanes(
    tx,
    dependants.flatMap(({ lane }) => lane ?? []),
    { create: true },
  );
  const told = await takeTelling(tx, dependants);
  const cancelled = await cancelChildren(tx, told.filter(failsChild));
  const gone = new Set(cancelled.map(({ outcome }) => outcome.jobId));
  const ready = await countParentsDown(
    tx,
    countsOf(told.filter((dependant) => !failsChild(dependant) && !gone.has(dependant.childId))),
  );
  const inLanes = ready.filter(({ orderingKey }) => orderingKey !== null).map(({ jobId }) => jobId);
  await scheduleChildren(tx, inLanes);
  const released = await releaseJobs(
    tx,
    ready.filter(({ orderingKey }) => orderingKey === null).map(({ jobId }) => jobId),
  );
  await placeDue(tx, lanes.locked);
  released.push(...(await advanceLanes(tx, lanes.locked)));
  // They had no place in a lane yet.
  const ended = cancelled.map(({ ended: job }) => ({ ...job, orderingKey: null }));
  released.push(...(await followEnds(tx, ended)));
  const all = dependants.length < limits.batch;
  const finished = all ? await finish(tx, jobIds, noted) : [];
  released.push(...(await passGates(tx)));
  const locked = new Set(lanes.locked.map(laneId));
  return {
    released,
    openGates: [...tx.openGates],
    cancelled: cancelled.map(({ outcome }) => outcome),
    dueNow: ready.some((child) => {
      const lane = laneOfChild(child);
      return lane !== undefined && !locked.has(laneId(lane));
    }),
    finished,
    followUps: tx.followUps,
  };
}

/** Those whose note is gone, be it by another's hand; not those that were noted again since. */
async function finish(
  tx: Transaction,
  jobIds: readonly string[],
  noted: readonly FollowUp[],
): Promise<string[]> {
  const forgotten = await forgetFollowUps(tx, noted);
  const known = new Set(noted.map(({ jobId }) => jobId));
  return [...forgotten, ...jobIds.filter((id) => !known.has(id))];
}

function failsChild({ parentState, onFailure }: Dependant): boolean {
  return parentState !== 'succeeded' && onFailure !== 'run';
}

/** Each child once, for the first of the parents that fail it. */
function cancelChildren(tx: Transaction, failing: readonly Dependant[]) {
  const errors = new Map<string, JobFailure>();
  for (const dependant of failing)
    if (!errors.has(dependant.childId)) errors.set(dependant.childId, parentFailed(dependant));
  return endCancelled(
    tx,
    [...errors].map(([jobId, error]) => ({ jobId, error })),
  );
}

function parentFailed({ parentId, parentState, onFailure }: Dependant): JobFailure {
  const gone = onFailure === 'hold' ? 'was cancelled or purged' : 'was cancelled';
  const what = parentState === 'dead' ? 'is dead' : gone;
  const policy =
    onFailure === 'hold' ? '"hold", which waits for a replay of a dead job only' : `"${onFailure}"`;
  return {
    code: 'parent_failed',
    message: `job ${parentId}, on which this one depends, ${what}; onFailure is ${policy}`,
    retryable: false,
  };
}

function countsOf(told: readonly Dependant[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { childId } of told) counts.set(childId, (counts.get(childId) ?? 0) + 1);
  return counts;
}
