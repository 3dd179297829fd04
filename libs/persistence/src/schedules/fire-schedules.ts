import { BatonError } from '@baton/contracts';
import { inRootContext, startProduceSpan, type ProduceSpan } from '@baton/tracing';
import type { Pool } from 'pg';
import { acceptGroup, type GroupResult, UnknownQueues } from '../accept/accept-group.js';
import type { AcceptRequest, NewJob } from '../accept/new-job.js';
import {
  advanceSchedules,
  type DueSchedule,
  deferSchedules,
  type FiredSchedule,
  lockDueSchedules,
} from '../sql/fire-schedules.sql.js';
import { readJobs } from '../sql/read-jobs.sql.js';
import { faultKind } from '../transaction/sqlstate.js';
import { inTransaction, type Transaction } from '../transaction/transaction.js';
import { type DueRuns, dueRuns } from './due-runs.js';
import { type FiringDoor, mayPass, openDoor } from './firing-door.js';
import { jitterOf, runId } from './run-id.js';

/** What a schedule gives each of its jobs beside queue and payload; kept as JSON. */
export type ScheduledJob = Omit<
  NewJob,
  'id' | 'queue' | 'payload' | 'trace' | 'unique' | 'dependsOn' | 'runAtMs' | 'delayMs'
>;

export type Fired = Omit<GroupResult, 'answers'> & {
  /** Schedules that were looked at; as many as the limit: there may be more that are due. */
  schedules: number;
  /** Whose lanes others have locked: look again soon. */
  busy: number;
};

/**
 * Fires the due runs of at most `limit` schedules: their jobs are accepted, and the schedules moved on, in one
 * transaction. Each run once, however many fire: a schedule's row is locked meanwhile and skipped by others; whoever is
 * too slow finds it moved on, or his transaction ended; and a run's job has one id.
 *
 * A run that its queue's door refuses makes no job, and says why: with catch-up `skip`, or where waiting does not help, it is
 * missed; else it stays due, and is tried again.
 */
export async function fireSchedules(pool: Pool, limit: number, door: FiringDoor = openDoor): Promise<Fired> {
  try {
    return await fireOnce(pool, { limit, door });
  } catch (error) {
    if (faultKind(error) !== 'member' && !(error instanceof UnknownQueues)) throw error;
    // One of them cannot be fired. Alone it is told why, and moved on, so that it stops no other.
    return limit > 1 ? fireSchedules(pool, 1, door) : fireOnce(pool, { limit: 1, door, refused: error });
  }
}

async function fireOnce(pool: Pool, options: FireOptions): Promise<Fired> {
  const { fired, spans } = await inTransaction(pool, (tx) => fireDue(tx, options));
  for (const span of spans) span.end();
  return fired;
}

interface FireOptions {
  limit: number;
  door?: FiringDoor;
  /** Why the one schedule that is due cannot be fired: it is only moved on. */
  refused?: unknown;
}

/**
 * The statements of one firing, in the caller's transaction.
 * @returns spans, to be ended after the commit
 */
export async function fireDue(
  tx: Transaction,
  { limit, door = openDoor, refused }: FireOptions,
): Promise<{ fired: Fired; spans: ProduceSpan[] }> {
  const due = (await lockDueSchedules(tx, limit)).map((schedule) => ({ schedule, ...dueRuns(schedule) }));
  const asked = new Map<AcceptRequest, Asked>();
  const done: FiredSchedule[] = [];
  const firing: (DueRuns & { schedule: DueSchedule; left: number[] })[] = [];
  for (const each of due) {
    const left = refused === undefined ? await notYetFired(tx, each.schedule, each.runs) : [];
    if (left.length === 0) done.push(firedRow(each, refused));
    else firing.push({ ...each, left });
  }
  const refusals = await door(
    tx,
    firing.map(({ schedule: { queue, payload }, left }) => ({ queue, payload, jobs: left.length })),
  );
  const waiting: FiredSchedule[] = [];
  for (const [i, each] of firing.entries()) {
    const refusal = refusals[i];
    if (!refusal) {
      const { request, spans } = requestFor(each.schedule, each.left);
      asked.set(request, { ...each, spans });
    } else if (each.schedule.catchUp !== 'skip' && mayPass(refusal)) waiting.push(firedRow(each, refusal));
    else done.push(firedRow(each, refusal));
  }
  const result = await acceptGroup(tx, [...asked.keys()], { wait: false });
  const spans: ProduceSpan[] = [];
  let busy = 0;
  for (const [request, each] of asked) {
    const answer = result.answers.get(request);
    if (!answer || 'busy' in answer) busy++;
    else if ('refused' in answer) done.push(firedRow(each, answer.refused));
    else {
      done.push(firedRow(each));
      spans.push(...each.spans);
    }
  }
  await advanceSchedules(tx, done);
  await deferSchedules(tx, waiting);
  return { fired: { ...result, schedules: due.length, busy }, spans };
}

type Asked = DueRuns & { schedule: DueSchedule; spans: ProduceSpan[] };

/** Should the clock have been put back, runs come again that have been: their jobs are there. */
async function notYetFired(
  tx: Transaction,
  schedule: DueSchedule,
  runs: readonly number[],
): Promise<number[]> {
  const ids = new Map(runs.map((at) => [runId(schedule, at), at]));
  for (const { id } of await readJobs(tx, schedule.tenantId, [...ids.keys()])) ids.delete(id);
  return [...ids.values()];
}

/** A firing begins a trace of its own. */
function requestFor(
  schedule: DueSchedule,
  runs: readonly number[],
): { request: AcceptRequest; spans: ProduceSpan[] } {
  const { tenantId, queue, payload } = schedule;
  const shared = JSON.parse(schedule.job) as ScheduledJob;
  const spans: ProduceSpan[] = [];
  const jobs = runs.map((at): NewJob => {
    const id = runId(schedule, at);
    const span = inRootContext(() =>
      startProduceSpan({ jobId: id, tenant: tenantId, queue, scheduled: true }),
    );
    spans.push(span);
    return { ...shared, id, queue, payload, runAtMs: at + jitterOf(schedule, at), trace: span.carrier };
  });
  return { request: { tenantId, jobs }, spans };
}

function firedRow(
  { schedule, runs, thenAtMs }: DueRuns & { schedule: DueSchedule },
  error?: unknown,
): FiredSchedule {
  const { tenantId, name, nextAtMs } = schedule;
  const last = runs.at(-1);
  return {
    tenantId,
    name,
    nextAtMs,
    thenAtMs,
    lastAtMs: last ?? null,
    lastJobId: last === undefined || error !== undefined ? null : runId(schedule, last),
    lastError: error === undefined ? null : JSON.stringify(errorOf(error)),
  };
}

function errorOf(error: unknown): { code: string; message: string } {
  if (error instanceof UnknownQueues) return errorOf([...error.refusals.values()][0]);
  if (BatonError.is(error)) return { code: error.code, message: error.message };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}
