import { BatonError, isTerminal } from '@baton/contracts';
import {
  type LockedKey,
  lockUniqueKeys,
  type TakenKey,
  type UniqueKey,
  uniqueKeyId,
} from '../sql/lock-unique-keys.sql.js';
import type { NamedJob } from '../sql/lock-named-jobs.sql.js';
import type { Transaction } from '../transaction/transaction.js';
import type { Answer } from './answer.js';
import type { AcceptRequest, NewJob, UniqueRule } from './new-job.js';

/** What is to be written for a request, once it is known which of its jobs are there already. */
export interface Entering extends AcceptRequest {
  /** Those that are new. */
  jobs: readonly NewJob[];
  /** In the order of the request: its own jobs, or those that stand for them. */
  ids: string[];
  existing: Set<string>;
  takes: TakenKey[];
  /** Jobs that wait, and what they are to be instead. */
  replacements: Map<string, NewJob>;
}

/** The keys that a request's jobs are unique by, as {@link uniqueKeyId}: one request at a time may ask for each. */
export function uniqueKeysOf({ tenantId, jobs }: AcceptRequest): string[] {
  return jobs.flatMap((job) => (job.unique ? [uniqueKeyId(keyOf(tenantId, job, job.unique))] : []));
}

const keyOf = (tenantId: string, { queue }: NewJob, { hash }: UniqueRule): UniqueKey => ({
  tenantId,
  queue,
  hash,
});

/** Locks the keys that the requests' jobs are unique by. */
export function lockKeysOf(
  tx: Transaction,
  requests: readonly AcceptRequest[],
): Promise<Map<string, LockedKey>> {
  const wanted = new Map<string, UniqueKey & { jobId: string }>();
  for (const { tenantId, jobs } of requests) {
    for (const job of jobs) {
      if (!job.unique) continue;
      const key = { ...keyOf(tenantId, job, job.unique), jobId: job.id };
      const id = uniqueKeyId(key);
      if (!wanted.has(id)) wanted.set(id, key);
    }
  }
  return wanted.size === 0
    ? Promise.resolve(new Map<string, LockedKey>())
    : lockUniqueKeys(tx, [...wanted.values()]);
}

/**
 * Decides, job by job in the order of the requests, which is new and which is there already. A request with a job that
 * is refused is answered so, as a whole.
 * @param named the jobs that have the keys, locked; one that is missing has gone
 */
export function decideUnique(
  requests: readonly AcceptRequest[],
  {
    keys,
    named,
    answers,
  }: {
    keys: ReadonlyMap<string, LockedKey>;
    named: ReadonlyMap<string, NamedJob>;
    answers: Map<AcceptRequest, Answer>;
  },
): Map<AcceptRequest, Entering> {
  const entering = new Map<AcceptRequest, Entering>();
  for (const request of requests) {
    const decided = decideRequest(request, keys, named);
    if (decided instanceof BatonError) answers.set(request, { refused: decided });
    else entering.set(request, decided);
  }
  return entering;
}

function decideRequest(
  request: AcceptRequest,
  keys: ReadonlyMap<string, LockedKey>,
  named: ReadonlyMap<string, NamedJob>,
): Entering | BatonError {
  const own = new Map<string, NewJob>();
  const takers = new Map<string, string>();
  const entering: Entering = {
    ...request,
    ids: [],
    existing: new Set(),
    takes: [],
    replacements: new Map(),
  };
  for (const job of request.jobs) {
    const { unique } = job;
    if (!unique) {
      own.set(job.id, job);
      entering.ids.push(job.id);
      continue;
    }
    const key = keyOf(request.tenantId, job, unique);
    const holder = holderOf(uniqueKeyId(key), { job, unique, takers, keys, named });
    if (holder === undefined) {
      own.set(job.id, job);
      takers.set(uniqueKeyId(key), job.id);
      entering.ids.push(job.id);
      entering.takes.push({
        ...key,
        jobId: job.id,
        withinMs: unique.withinMs ?? null,
        outlives: unique.states.some(isTerminal),
      });
      continue;
    }
    const { onConflict } = unique;
    const replaces = onConflict === 'replace' || onConflict === 'debounce';
    const waits = holder.state === 'new' || holder.state === 'scheduled' || holder.state === 'held';
    // Were one job of a graph to stand for another of it, it might come to wait for itself.
    const twice = request.flow !== undefined && holder.state === 'new';
    if (onConflict === 'reject' || twice || (replaces && !waits)) return conflict(job, holder);
    const before = own.get(holder.id);
    if (replaces && before) own.set(holder.id, { ...job, id: holder.id, trace: before.trace });
    else if (replaces) entering.replacements.set(holder.id, job);
    entering.ids.push(holder.id);
    entering.existing.add(holder.id);
  }
  return { ...entering, jobs: [...own.values()] };
}

interface Holder {
  id: string;
  /** `new`: it is of the same request. */
  state: NamedJob['state'] | 'new';
}

/** The job that is in the way, if there is one. */
function holderOf(
  keyId: string,
  {
    job,
    unique,
    takers,
    keys,
    named,
  }: {
    job: NewJob;
    unique: UniqueRule;
    takers: ReadonlyMap<string, string>;
    keys: ReadonlyMap<string, LockedKey>;
    named: ReadonlyMap<string, NamedJob>;
  },
): Holder | undefined {
  const taker = takers.get(keyId);
  if (taker !== undefined) return { id: taker, state: 'new' };
  const key = keys.get(keyId);
  if (!key || key.jobId === job.id) return undefined;
  const there = named.get(key.jobId);
  if (!there || !unique.states.includes(there.state)) return undefined;
  if (unique.withinMs !== undefined && key.ageMs >= unique.withinMs) return undefined;
  return there;
}

function conflict(job: NewJob, { id, state }: Holder): BatonError {
  const where = state === 'new' ? 'in this very request' : `${state} now`;
  const onConflict = job.unique?.onConflict ?? 'reject';
  const why =
    onConflict === 'reject'
      ? 'and onConflict is "reject"'
      : state === 'new'
        ? 'and a flow must not name one job twice'
        : 'and can only be replaced while it is scheduled or held';
  return new BatonError(
    'unique_conflict',
    `job ${id} of queue "${job.queue}" is unique by the same: it is ${where}, ${why}`,
  );
}
