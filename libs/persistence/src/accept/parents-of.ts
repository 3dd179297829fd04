import { BatonError, isTerminal } from '@baton/contracts';
import { type Dependency, insertDependencies, markParents } from '../sql/insert-dependencies.sql.js';
import type { NamedJob } from '../sql/lock-named-jobs.sql.js';
import { noteFollowUps } from '../sql/note-follow-ups.sql.js';
import type { Transaction } from '../transaction/transaction.js';
import type { Answer } from './answer.js';
import type { AcceptRequest, ParentRef } from './new-job.js';
import type { Entering } from './unique-jobs.js';

/** Who waits for whom, of the jobs that a group accepts. */
export interface Parents {
  rows: Dependency[];
  /** Of each child. */
  counts: Map<string, { parents: number; pendingParents: number }>;
  /** Jobs of the group for which others of it wait. */
  ownParents: Set<string>;
  /** Jobs that were there before, and their states. */
  named: Map<string, NamedJob>;
}

/** The jobs, beside the request's own, that it names as parents. */
export function parentIdsOf({ jobs }: AcceptRequest): string[] {
  const own = new Set(jobs.map((job) => job.id));
  return jobs.flatMap(({ dependsOn = [] }) =>
    dependsOn.map(({ jobId }) => jobId).filter((id) => !own.has(id)),
  );
}

/**
 * Which parents each job waits for. One that has succeeded is done; one that is dead or cancelled is done too where the
 * child says `run`, and else is told to the child after the commit, by the follow-up that is noted for it.
 * A request that names an unknown job, or another tenant's, is refused.
 */
export function parentsOf(
  requests: ReadonlyMap<AcceptRequest, Entering>,
  named: ReadonlyMap<string, NamedJob>,
  answers: Map<AcceptRequest, Answer>,
): Parents {
  const parents: Parents = { rows: [], counts: new Map(), ownParents: new Set(), named: new Map() };
  for (const [request, entering] of requests) {
    if (entering.jobs.every(({ dependsOn }) => dependsOn === undefined)) continue;
    const stranger = parentIdsOf(request).find((id) => named.get(id)?.tenantId !== request.tenantId);
    if (stranger === undefined) addParents(parents, request, entering, named);
    else
      answers.set(request, {
        refused: new BatonError('not_found', `dependsOn names job ${stranger}, which is not there`),
      });
  }
  return parents;
}

function addParents(
  parents: Parents,
  request: AcceptRequest,
  { tenantId, jobs, ids }: Entering,
  named: ReadonlyMap<string, NamedJob>,
): void {
  // A parent that was not unique is the job that was there.
  const standsFor = new Map(request.jobs.map((job, i) => [job.id, ids[i]!]));
  const own = new Set(jobs.map((job) => job.id));
  for (const { id: childId, dependsOn } of jobs) {
    if (!dependsOn) continue;
    const distinct = new Map(dependsOn.map((ref) => [standsFor.get(ref.jobId) ?? ref.jobId, ref]));
    let pendingParents = 0;
    for (const [parentId, ref] of distinct) {
      const there = named.get(parentId);
      const done = !own.has(parentId) && there !== undefined && isDone(there, ref);
      if (!done) pendingParents++;
      if (own.has(parentId)) parents.ownParents.add(parentId);
      else if (there) parents.named.set(parentId, there);
      const { onFailure, name = null } = ref;
      parents.rows.push({ parentId, childId, tenantId, onFailure, done, name });
    }
    parents.counts.set(childId, { parents: distinct.size, pendingParents });
  }
}

function isDone({ state }: NamedJob, { onFailure }: ParentRef): boolean {
  return state === 'succeeded' || (isTerminal(state) && onFailure === 'run');
}

/** Writes it, once the children are there. */
export async function keepParents(tx: Transaction, { rows, named }: Parents): Promise<void> {
  const there = [...named.values()];
  const live = there.filter(({ state }) => !isTerminal(state)).map(({ id }) => id);
  const ended = there.filter(({ state }) => isTerminal(state)).map(({ id }) => id);
  await markParents(tx, { live, ended });
  await insertDependencies(tx, rows);
  const open = new Set(rows.filter((row) => !row.done).map((row) => row.parentId));
  await noteFollowUps(
    tx,
    there.flatMap(({ id, tenantId, state }) =>
      isTerminal(state) && open.has(id) ? [{ jobId: id, tenantId, state }] : [],
    ),
  );
}
