import { BatonError } from '@baton/contracts';
import { passGates } from '../limits/pass-gates.js';
import { advanceLanes } from '../sql/advance-lanes.sql.js';
import { type InsertedJob, insertJobs, type JobToInsert } from '../sql/insert-jobs.sql.js';
import { keepIdempotency } from '../sql/keep-idempotency.sql.js';
import { type ReadJob, readJobs } from '../sql/read-jobs.sql.js';
import type { Released } from '../sql/release-jobs.sql.js';
import type { Transaction } from '../transaction/transaction.js';
import type { Answer } from './answer.js';
import { answerRepeats } from './answer-repeats.js';
import { enterLanes, placesOf } from './enter-lanes.js';
import { jobRowOf } from './job-row-of.js';
import type { AcceptRequest } from './new-job.js';

export interface GroupResult {
  answers: Map<AcceptRequest, Answer>;
  inserted: InsertedJob[];
  /** Jobs that their lanes let go: the group's own, or ones that stood before them. */
  released: Released[];
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
 * (busy ones skipped), jobs. A request leaves the group whole or is written whole.
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
  const entering = unanswered();
  const places = await placesOf(tx, entering, lanes);
  const inserted = await insertAll(tx, entering, places);
  await keepAnswers(tx, entering);
  const released = await advanceLanes(tx, lanes);
  released.push(...(await passGates(tx)));
  const rows = await rowsOf(tx, entering, inserted, released);
  for (const request of entering) {
    const jobs = request.jobs.map((job) => rows.get(job.id)).filter((row) => row !== undefined);
    answers.set(request, { accepted: { jobs, repeated: false } });
  }
  return { answers, inserted: [...inserted.values()], released, openGates: [...tx.openGates] };
}

async function insertAll(
  tx: Transaction,
  requests: readonly AcceptRequest[],
  places: ReadonlyMap<string, number>,
): Promise<Map<string, InsertedJob>> {
  const jobs = requests.flatMap(({ tenantId, jobs }) =>
    jobs.map((job): JobToInsert => ({ tenantId, job, place: places.get(job.id) ?? null, pendingParents: 0 })),
  );
  const rows = jobs.length === 0 ? [] : await insertJobs(tx, jobs);
  const inserted = new Map(rows.map((row) => [row.id, row]));
  if (inserted.size < jobs.length) throw new UnknownQueues(refuseUnknown(requests, inserted));
  return inserted;
}

function refuseUnknown(
  requests: readonly AcceptRequest[],
  inserted: ReadonlyMap<string, InsertedJob>,
): Map<AcceptRequest, BatonError> {
  const refusals = new Map<AcceptRequest, BatonError>();
  for (const request of requests) {
    const stranger = request.jobs.find((job) => !inserted.has(job.id));
    if (stranger) refusals.set(request, unknownQueue(stranger.queue));
  }
  return refusals;
}

export function unknownQueue(queue: string): BatonError {
  return new BatonError(
    'unknown_queue',
    `there is no queue "${queue}"; make it by PUT /v1/queues/${queue}, or start a worker with a handler for it`,
  );
}

async function keepAnswers(tx: Transaction, requests: readonly AcceptRequest[]): Promise<void> {
  const rows = requests.flatMap(({ tenantId, idempotency, jobs }) =>
    idempotency ? [{ tenantId, ...idempotency, jobIds: jobs.map((job) => job.id) }] : [],
  );
  if (rows.length > 0) await keepIdempotency(tx, rows);
}

/** The jobs as they are now. Those that their lanes released are read again, the others are known. */
async function rowsOf(
  tx: Transaction,
  requests: readonly AcceptRequest[],
  inserted: ReadonlyMap<string, InsertedJob>,
  released: readonly Released[],
): Promise<Map<string, ReadJob>> {
  const rows = new Map<string, ReadJob>();
  const moved = new Set(released.map((job) => job.jobId));
  for (const { tenantId, jobs } of requests) {
    const own = jobs.filter((job) => moved.has(job.id)).map((job) => job.id);
    if (own.length > 0) for (const row of await readJobs(tx, tenantId, own)) rows.set(row.id, row);
    for (const job of jobs) {
      const decided = inserted.get(job.id);
      if (decided && !rows.has(job.id)) rows.set(job.id, jobRowOf(tenantId, job, decided));
    }
  }
  return rows;
}
