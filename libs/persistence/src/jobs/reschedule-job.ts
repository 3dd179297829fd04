import { BatonError } from '@baton/contracts';
import type { Pool } from 'pg';
import { passGates } from '../limits/pass-gates.js';
import { advanceLanes } from '../sql/advance-lanes.sql.js';
import { lockLanes } from '../sql/lock-lanes.sql.js';
import { noteEvents } from '../sql/note-events.sql.js';
import { placeDue } from '../sql/place-due.sql.js';
import { type ReadJob, readJobs } from '../sql/read-jobs.sql.js';
import type { Released } from '../sql/release-jobs.sql.js';
import { findLaneOf, type JobToReschedule, rescheduleRow } from '../sql/reschedule-job.sql.js';
import { waitForLanes } from '../sql/wait-for-lanes.sql.js';
import { inTransaction, type Transaction } from '../transaction/transaction.js';

export interface Rescheduled {
  job: ReadJob;
  /** Jobs that go in its stead. */
  released: Released[];
  openGates: string[];
}

/**
 * Gives a job that has not been released another time, earlier or later. A held one gives up its place in its lane and
 * its slots, and is `scheduled`; when it is due it goes to the tail of its lane.
 * @throws BatonError `not_found`; `state_conflict` for a job that is queued, running or at its end
 */
export function rescheduleJob(pool: Pool, wanted: JobToReschedule): Promise<Rescheduled> {
  const { tenantId, jobId } = wanted;
  return inTransaction(pool, async (tx) => {
    const lane = await findLaneOf(tx, tenantId, jobId);
    const lanes = lane ? [lane] : [];
    if (lane) await waitForLanes(tx, lanes);
    const { locked } = await lockLanes(tx, lanes, { create: false });
    const before = await rescheduleRow(tx, wanted);
    if (!before?.moved) throw await refusal(tx, wanted);
    if (before.reason !== 'admission')
      await noteEvents(tx, [
        { jobId, type: 'job.scheduled', data: { runAt: new Date(before.runAtMs).toISOString() } },
      ]);
    tx.freeSlots([before]);
    await placeDue(tx, locked);
    const released = await advanceLanes(tx, locked);
    released.push(...(await passGates(tx)));
    const [job] = await readJobs(tx, tenantId, [jobId]);
    if (!job) throw new TypeError('a job was rescheduled and is gone');
    return { job, released, openGates: [...tx.openGates] };
  });
}

async function refusal(tx: Transaction, { tenantId, jobId }: JobToReschedule): Promise<BatonError> {
  const [job] = await readJobs(tx, tenantId, [jobId]);
  if (!job) return new BatonError('not_found', `there is no job ${jobId}`);
  const allowed = 'only a scheduled or held one can be given another time';
  return new BatonError('state_conflict', `job ${jobId} is ${job.state}; ${allowed}`);
}
