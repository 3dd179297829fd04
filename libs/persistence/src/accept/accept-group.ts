import type { BatonError } from '@baton/contracts';
import { passGates } from '../limits/pass-gates.js';
import { advanceLanes } from '../sql/advance-lanes.sql.js';
import { insertFlow } from '../sql/insert-flows.sql.js';
import { type InsertedJob, insertJobs, type JobToInsert } from '../sql/insert-jobs.sql.js';
import { keepIdempotency } from '../sql/keep-idempotency.sql.js';
import { lockNamedJobs } from '../sql/lock-named-jobs.sql.js';
import { takeUniqueKeys } from '../sql/lock-unique-keys.sql.js';
import { type ReadJob, readJobs } from '../sql/read-jobs.sql.js';
import type { Released } from '../sql/release-jobs.sql.js';
import { replaceJobs } from '../sql/replace-jobs.sql.js';
import { useUploads } from '../sql/uploads.sql.js';
import type { Transaction } from '../transaction/transaction.js';
import type { Answer } from './answer.js';
import { answerRepeats } from './answer-repeats.js';
import { enterLanes, placesOf } from './enter-lanes.js';
import { jobRowOf } from './job-row-of.js';
import type { AcceptRequest, NewJob } from './new-job.js';
import { keepParents, type Parents, parentIdsOf, parentsOf } from './parents-of.js';
import { unknownQueue } from './queue-refusals.js';
import { decideUnique, type Entering, lockKeysOf } from './unique-jobs.js';

export interface GroupResult {
  answers: Map<AcceptRequest, Answer>;
  inserted: InsertedJob[];
  /** Jobs that their lanes let go: the group's own, or ones that stood before them. */
  released: Released[];
  /** When the earliest of the waiting jobs that got another time is due, milliseconds since the epoch. */
  earliestMs: number | undefined;
  /** Terminal jobs whose new dependants are to be told. */
  followUps: string[];
  /** When gates are due, milliseconds since the epoch. */
  openGates: string[];
}

/** Requests that name a queue which is not there. Their group is rolled back and tried without them. */
export class UnknownQueues extends Error {
  constructor(readonly refusals: ReadonlyMap<AcceptRequest, BatonError>) {
    super('some requests of the group name unknown queues');
  }
}

/**
 * The statements that accept a group of requests, in the one lock order: idempotency keys (tried only), lanes
 * (busy ones skipped), unique keys, jobs. A request leaves the group whole or is written whole.
 * @param options.wait waits for busy lanes; for a request that is alone in its group
 * @throws UnknownQueues
 */
export async function acceptGroup(
  tx: Transaction,
  requests: readonly AcceptRequest[],
  { wait }: { wait: boolean },
): Promise<GroupResult> {
  const answers = new Map<AcceptRequest, Answer>();
  const unanswered = (): AcceptRequest[] => requests.filter((request) => !answers.has(request));
  await answerRepeats(tx, requests, answers);
  const lanes = await enterLanes(tx, unanswered(), { wait, answers });
  const keys = await lockKeysOf(tx, unanswered());
  const named = await lockNamedJobs(tx, [
    ...[...keys.values()].map((key) => key.jobId),
    ...unanswered().flatMap(parentIdsOf),
  ]);
  const decided = decideUnique(unanswered(), { keys, named, answers });
  const parents = parentsOf(decided, named, answers);
  const requestsOf = new Map(unanswered().map((request) => [request, decided.get(request)!]));
  const entering = [...requestsOf.values()];
  const places = await placesOf(tx, entering, lanes);
  const { toInsert, inserted } = await insertAll(tx, requestsOf, { places, parents });
  await keepUploads(tx, entering);
  await keepParents(tx, parents);
  await takeUniqueKeys(
    tx,
    entering.flatMap(({ takes }) => takes),
  );
  const earliestMs = await replaceJobs(
    tx,
    new Map(entering.flatMap(({ replacements }) => [...replacements])),
  );
  await keepAnswers(tx, entering);
  const released = await advanceLanes(tx, lanes);
  released.push(...(await passGates(tx)));
  const rows = await rowsOf(tx, entering, { toInsert, inserted, released });
  for (const [request, { ids, existing }] of requestsOf) {
    const jobs = ids.map((id) => rows.get(id)).filter((row) => row !== undefined);
    answers.set(request, { accepted: { jobs, repeated: false, existing } });
  }
  return {
    answers,
    inserted: [...inserted.values()],
    released,
    earliestMs,
    followUps: tx.followUps,
    openGates: [...tx.openGates],
  };
}

/** Of the new jobs, and of those that wait and are something else from now on. */
function keepUploads(tx: Transaction, entering: readonly Entering[]): Promise<void> {
  const uses = (jobId: string, job: NewJob) => (job.uploads ?? []).map((uploadId) => ({ uploadId, jobId }));
  return useUploads(
    tx,
    entering.flatMap(({ jobs, replacements }) => [
      ...jobs.flatMap((job) => uses(job.id, job)),
      ...[...replacements].flatMap(([jobId, job]) => uses(jobId, job)),
    ]),
  );
}

const noParents = { parents: 0, pendingParents: 0 };

async function insertAll(
  tx: Transaction,
  requests: ReadonlyMap<AcceptRequest, Entering>,
  { places, parents }: { places: ReadonlyMap<string, number>; parents: Parents },
): Promise<{ toInsert: JobToInsert[]; inserted: Map<string, InsertedJob> }> {
  const toInsert = [...requests.values()].flatMap(({ tenantId, jobs }) =>
    jobs.map((job): JobToInsert => ({
      tenantId,
      job,
      place: places.get(job.id) ?? null,
      ...(parents.counts.get(job.id) ?? noParents),
      hasDependants: parents.ownParents.has(job.id),
    })),
  );
  const rows = toInsert.length === 0 ? [] : await insertJobs(tx, toInsert);
  const inserted = new Map(rows.map((row) => [row.id, row]));
  if (inserted.size < toInsert.length) throw new UnknownQueues(refuseUnknown(requests, inserted));
  return { toInsert, inserted };
}

function refuseUnknown(
  requests: ReadonlyMap<AcceptRequest, Entering>,
  inserted: ReadonlyMap<string, InsertedJob>,
): Map<AcceptRequest, BatonError> {
  const refusals = new Map<AcceptRequest, BatonError>();
  for (const [request, { jobs }] of requests) {
    const stranger = jobs.find((job) => !inserted.has(job.id));
    if (stranger) refusals.set(request, unknownQueue(stranger.queue));
  }
  return refusals;
}

async function keepAnswers(tx: Transaction, requests: readonly Entering[]): Promise<void> {
  const rows = requests.flatMap(({ tenantId, idempotency, ids }) =>
    idempotency ? [{ tenantId, ...idempotency, jobIds: ids }] : [],
  );
  if (rows.length > 0) await keepIdempotency(tx, rows);
  for (const { tenantId, flow, ids } of requests)
    if (flow) await insertFlow(tx, { id: flow.id, tenantId, names: [...flow.names], jobIds: ids });
}

/** The jobs as they are now. Those that were there, or that their lanes released, are read; the others are known. */
async function rowsOf(
  tx: Transaction,
  requests: readonly Entering[],
  {
    toInsert,
    inserted,
    released,
  }: {
    toInsert: readonly JobToInsert[];
    inserted: ReadonlyMap<string, InsertedJob>;
    released: readonly Released[];
  },
): Promise<Map<string, ReadJob>> {
  const moved = new Set(released.map((job) => job.jobId));
  const rows = new Map<string, ReadJob>();
  for (const wanted of toInsert) {
    const decided = inserted.get(wanted.job.id);
    if (decided && !moved.has(decided.id)) rows.set(decided.id, jobRowOf(wanted, decided));
  }
  for (const { tenantId, ids } of requests) {
    const unknown = ids.filter((id) => !rows.has(id));
    if (unknown.length > 0) for (const row of await readJobs(tx, tenantId, unknown)) rows.set(row.id, row);
  }
  return rows;
}
