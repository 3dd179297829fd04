import { laneId } from '../sql/lane-key.js';
import { lanesOf } from './enter-lanes.js';
import type { AcceptRequest, Accepted } from './new-job.js';

/** No group is larger: a commit shared by more gains little, and its members' answers come later. */
export const groupBounds = { requests: 256, jobs: 1_000 } as const;

/** After so many rounds with a busy lane a request no longer tries its luck: it waits for the lane, by itself. */
const patientRounds = 4;

/** A request that has not been answered. */
export interface Waiting {
  request: AcceptRequest;
  /** The lanes it may enter, as {@link laneId}. */
  lanes: ReadonlySet<string>;
  /** What its jobs are unique by: one request at a time may ask for each. */
  uniqueKeys: readonly string[];
  /** How often it left a group because of a busy lane. */
  busyRounds: number;
  /** When it first did; on the monotonic clock, milliseconds. */
  busySince?: number;
  /** In no group before then; on the monotonic clock, milliseconds. */
  notBefore: number;
  resolve: (accepted: Accepted) => void;
  reject: (error: unknown) => void;
}

const noLanes: ReadonlySet<string> = new Set();

export function lanesWanted(request: AcceptRequest): ReadonlySet<string> {
  const lanes = lanesOf(request);
  return lanes.length === 0 ? noLanes : new Set(lanes.map(laneId));
}

/**
 * Requests in the order of their arrival. A group takes them in that order and leaves those be that would only
 * find their lane busy: one that a group of this process is writing to, or one that was busy a moment ago.
 */
export class WaitingRequests {
  private entries: Waiting[] = [];

  get size(): number {
    return this.entries.length;
  }

  add(waiting: Waiting): void {
    this.entries.push(waiting);
  }

  /** Puts requests that left their group back before all that came after them. */
  putBack(waiting: readonly Waiting[]): void {
    this.entries.unshift(...waiting);
  }

  /** @param lanesInUse lanes and unique keys that groups are writing to */
  takeGroup(lanesInUse: ReadonlySet<string>, now: number): Waiting[] {
    const group: Waiting[] = [];
    const left: Waiting[] = [];
    let jobs = 0;
    let full = false;
    const keys = new Set<string>();
    for (const entry of this.entries) {
      const size = entry.request.jobs.length;
      full ||= group.length >= groupBounds.requests || (group.length > 0 && jobs + size > groupBounds.jobs);
      const taken = entry.uniqueKeys.some((key) => keys.has(key));
      if (full || taken || isImpatient(entry) || !mayGo(entry, lanesInUse, now)) {
        left.push(entry);
      } else {
        for (const key of entry.uniqueKeys) keys.add(key);
        group.push(entry);
        jobs += size;
      }
    }
    this.entries = left;
    return group;
  }

  /** A request that has been patient long enough. It goes alone. */
  takeImpatient(lanesInUse: ReadonlySet<string>, now: number): Waiting | undefined {
    const index = this.entries.findIndex((entry) => isImpatient(entry) && mayGo(entry, lanesInUse, now));
    return index < 0 ? undefined : this.entries.splice(index, 1)[0];
  }

  /** When the first of those that found a lane busy may be tried again; undefined when there are none. */
  nextTry(): number | undefined {
    let first: number | undefined;
    for (const { busyRounds, notBefore } of this.entries) {
      if (busyRounds > 0 && (first === undefined || notBefore < first)) first = notBefore;
    }
    return first;
  }
}

function isImpatient({ busyRounds }: Waiting): boolean {
  return busyRounds >= patientRounds;
}

function mayGo(
  { lanes, uniqueKeys, notBefore }: Waiting,
  lanesInUse: ReadonlySet<string>,
  now: number,
): boolean {
  if (notBefore > now) return false;
  for (const lane of lanes) if (lanesInUse.has(lane)) return false;
  for (const key of uniqueKeys) if (lanesInUse.has(key)) return false;
  return true;
}
