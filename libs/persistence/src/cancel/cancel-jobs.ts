import { passGates } from '../limits/pass-gates.js';
import { followEnds } from '../settle/follow-ends.js';
import { type CancellableJob, endCancelled, lockForCancel, requestCancels } from '../sql/cancel-jobs.sql.js';
import { noteEvents } from '../sql/note-events.sql.js';
import type { Transaction } from '../transaction/transaction.js';
import type { CancelReport } from './cancel-report.js';
import { cancelledError } from './cancelled-error.js';
import { type LanesOfJobs, lockLanesOf, tidyLanes } from './lock-lanes-of.js';

export interface CancelOptions {
  /** Only this tenant's jobs; the others' are missing. */
  tenantId?: string | undefined;
  /** Why: the cancelled job's error says so. */
  reason?: string | undefined;
  /** Busy lanes are waited for: for one job, alone in its transaction. */
  wait?: boolean;
}

/**
 * Cancels jobs, in a transaction that has locked nothing yet and does nothing after. What no worker can have (scheduled,
 * held, queued for polling: claim and cancel meet on the row) is cancelled at once. Of what a worker may have the cancel
 * is requested: it is noted on the job and in its log, and its worker is to be told.
 * @param jobIds at most some 500, each once
 */
export async function cancelJobs(
  tx: Transaction,
  jobIds: readonly string[],
  { tenantId, reason, wait = false }: CancelOptions = {},
): Promise<CancelReport> {
  const lanes = await lockLanesOf(tx, jobIds, { wait });
  const jobs = await lockForCancel(tx, lanes.free, tenantId ?? null);
  const asked = jobs.filter((job) => !endsAtOnce(job));
  const fresh = asked.filter((job) => !job.cancelRequested).map((job) => job.jobId);
  await requestCancels(tx, fresh, reason ?? null);
  await noteEvents(
    tx,
    fresh.map((jobId) => ({ jobId, type: 'job.cancel-requested', data: reason ? { reason } : undefined })),
  );
  const error = cancelledError(reason);
  const ends = jobs.filter(endsAtOnce).map(({ jobId }) => ({ jobId, error }));
  return endAll(tx, { jobIds, jobs, lanes, ends, requested: asked.map((job) => job.jobId) });
}

/** A job whose cancel was requested, in the attempt in which nobody runs it any more. */
export interface RequestedEnd {
  jobId: string;
  attempt: number;
  reason: string | null;
}

/**
 * Ends jobs whose cancel was requested, though a worker may have them: their grace is over, or they were never sent.
 * @param options.queuedOnly true: what runs by now is left to its worker
 */
export async function endRequested(
  tx: Transaction,
  wanted: readonly RequestedEnd[],
  { queuedOnly = false }: { queuedOnly?: boolean } = {},
): Promise<CancelReport> {
  const jobIds = wanted.map(({ jobId }) => jobId);
  const lanes = await lockLanesOf(tx, jobIds);
  const jobs = await lockForCancel(tx, lanes.free, null);
  const of = new Map(wanted.map((end) => [end.jobId, end]));
  const ends = jobs
    .filter(({ jobId, attempt, state, cancelRequested }) => {
      const current = of.get(jobId)?.attempt === attempt && cancelRequested;
      return current && (state === 'queued' || !queuedOnly);
    })
    .map(({ jobId }) => ({ jobId, error: cancelledError(of.get(jobId)?.reason) }));
  const ended = new Set(ends.map(({ jobId }) => jobId));
  const requested = jobs.filter((job) => !ended.has(job.jobId)).map((job) => job.jobId);
  return endAll(tx, { jobIds, jobs, lanes, ends, requested });
}

function endsAtOnce({ state, mode }: CancellableJob): boolean {
  return state === 'scheduled' || state === 'held' || (state === 'queued' && mode === 'polling');
}

interface Ends {
  jobIds: readonly string[];
  jobs: readonly CancellableJob[];
  lanes: LanesOfJobs;
  ends: Parameters<typeof endCancelled>[1];
  requested: string[];
}

async function endAll(
  tx: Transaction,
  { jobIds, jobs, lanes, ends, requested }: Ends,
): Promise<CancelReport> {
  const rows = await endCancelled(tx, ends);
  const released = await followEnds(
    tx,
    rows.map(({ ended }) => ended),
  );
  released.push(...(await tidyLanes(tx, lanes)));
  released.push(...(await passGates(tx)));
  const known = new Set([...jobs.map((job) => job.jobId), ...lanes.busy]);
  return {
    cancelled: rows.map(({ outcome }) => outcome),
    requested,
    busy: lanes.busy,
    missing: jobIds.filter((id) => !known.has(id)),
    released,
    openGates: [...tx.openGates],
    followUps: [...tx.followUps],
  };
}
