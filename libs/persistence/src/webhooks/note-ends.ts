import type { EndedJob } from '../settle/ended-job.js';
import { beginPlans } from '../sql/delivery-plans.sql.js';
import { noteDeliveries } from '../sql/note-deliveries.sql.js';
import type { Queryable } from '../sql/statement.js';
import { planTargets, webhookTargets } from './delivery-target.js';

/** Notes whom the ends of jobs are to be told, in the very transaction that ended them. */
export async function noteEnds(db: Queryable, ended: readonly EndedJob[]): Promise<void> {
  const told = ended.filter((job) => job.webhook !== null || job.delivery !== null || job.subscribed);
  if (told.length === 0) return;
  const jobs = told.map(({ jobId, state, subscribed }) => ({
    jobId,
    type: `job.${state}`,
    subscribed,
  }));
  const plans = told.map(({ jobId, state, delivery }) => ({
    jobId,
    ...planTargets(jobId, `job.${state}`, delivery),
  }));
  const targets = [
    ...told.flatMap(({ jobId, state, webhook }) => webhookTargets(jobId, `job.${state}`, webhook)),
    ...plans.flatMap((plan) => plan.targets),
  ];
  await noteDeliveries(db, targets, { jobs, source: 'justEnded' });
  await beginPlans(
    db,
    plans.filter((plan) => plan.steps.length > 0),
  );
}
