import { laneId, type LaneKey } from '../sql/lane-key.js';
import { lockLanes } from '../sql/lock-lanes.sql.js';
import { placeDue } from '../sql/place-due.sql.js';
import { takePlaces } from '../sql/take-places.sql.js';
import { waitForLanes } from '../sql/wait-for-lanes.sql.js';
import type { Transaction } from '../transaction/transaction.js';
import type { Answer } from './answer.js';
import type { AcceptRequest, NewJob } from './new-job.js';

/** The lanes in which a request's jobs may take a place now. */
export function lanesOf({ tenantId, jobs }: AcceptRequest): LaneKey[] {
  return jobs.flatMap((job) => laneOf(tenantId, job) ?? []);
}

/** A delayed job takes its place when it is due. Whether `runAt` is past, the database's clock says later. */
function laneOf(tenantId: string, { orderingKey, delayMs, queue }: NewJob): LaneKey | undefined {
  return orderingKey === undefined || (delayMs ?? 0) > 0 ? undefined : { tenantId, queue, orderingKey };
}

/**
 * Locks the requests' lanes. A request with a busy lane is answered `busy` as a whole; the lanes that it has
 * locked stay so until the transaction ends, which is soon.
 * @returns the lanes that are locked
 */
export async function enterLanes(
  tx: Transaction,
  requests: readonly AcceptRequest[],
  { wait, answers }: { wait: boolean; answers: Map<AcceptRequest, Answer> },
): Promise<LaneKey[]> {
  const wanted = requests.flatMap(lanesOf);
  if (wanted.length === 0) return [];
  if (wait) await waitForLanes(tx, wanted);
  const { locked, busy } = await lockLanes(tx, wanted, { create: true });
  const refused = new Set(busy.map(laneId));
  for (const request of requests) {
    if (lanesOf(request).some((lane) => refused.has(laneId(lane)))) answers.set(request, { busy: true });
  }
  return locked;
}

/**
 * Gives the requests' jobs their places at the tails of their lanes, in the order of the requests, after the
 * lanes' own jobs that have come due, so that a late timer lets nobody pass.
 * @returns places by job id
 */
export async function placesOf(
  tx: Transaction,
  requests: readonly AcceptRequest[],
  locked: readonly LaneKey[],
): Promise<Map<string, number>> {
  const places = new Map<string, number>();
  if (locked.length === 0) return places;
  await placeDue(tx, locked);
  const jobsOfLane = new Map<string, { lane: LaneKey; ids: string[] }>();
  for (const { tenantId, jobs } of requests) {
    for (const job of jobs) {
      const lane = laneOf(tenantId, job);
      if (!lane) continue;
      const id = laneId(lane);
      const standing = jobsOfLane.get(id) ?? { lane, ids: [] };
      standing.ids.push(job.id);
      jobsOfLane.set(id, standing);
    }
  }
  const counts = [...jobsOfLane.values()].map(({ lane, ids }) => ({ ...lane, count: ids.length }));
  for (const taken of counts.length > 0 ? await takePlaces(tx, counts) : []) {
    const ids = jobsOfLane.get(laneId(taken))?.ids ?? [];
    ids.forEach((id, i) => places.set(id, taken.firstPlace + i));
  }
  return places;
}
