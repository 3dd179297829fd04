import type { EndedJob } from '../settle/ended-job.js';
import type { Transaction } from '../transaction/transaction.js';
import { run } from './statement.js';

const text = `
INSERT INTO baton.follow_up (job_id, tenant_id, state)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::baton.job_state[]) ON CONFLICT (job_id) 
DO UPDATE SET state = excluded.state, times = follow_up.times + 1`;

/** Notes terminal jobs whose dependants are to be told, in transactions of their own after this one. */
export async function noteFollowUps(
  tx: Transaction,
  jobs: readonly Pick<EndedJob, 'jobId' | 'tenantId' | 'state'>[],
): Promise<void> {
  if (jobs.length === 0) return;
  tx.followUps.push(...jobs.map((job) => job.jobId));
  await run(tx, 'note-follow-ups', text, [
    jobs.map((job) => job.jobId),
    jobs.map((job) => job.tenantId),
    jobs.map((job) => job.state),
  ]);
}
