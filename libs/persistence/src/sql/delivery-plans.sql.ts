import { channels, type DeliveryStep } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

/** A plan whose step is over, or has not begun. */
export interface PlanToAdvance {
  jobId: string;
  generation: number;
  step: number;
  steps: DeliveryStep[];
}

const begin = `
WITH begun AS (
  INSERT INTO baton.delivery_plan (job_id, generation, tenant_id, seq, steps, step_until)
  SELECT h.id, h.generation, h.tenant_id, h.seq, p.steps, CASE
    WHEN EXISTS (SELECT FROM baton.webhook_delivery d WHERE d.job_id = h.id AND d.generation = h.generation AND d.plan_step = 0 AND d.state = 'dead')
    THEN (SELECT baton.now()) ELSE (SELECT baton.now()) + p.for_ms * interval '1 ms' END
  FROM unnest($1::uuid[], $2::jsonb[], $3::float8[]) AS p(job_id, steps, for_ms)
  JOIN baton.job_history h ON h.id = p.job_id AND h.finished_at > (SELECT baton.now()) - interval '1 hour'
  ON CONFLICT (job_id, generation) DO NOTHING
  RETURNING 1
)
SELECT pg_notify('${channels.deliveries}', '') FROM begun LIMIT 1`;

/** Begins the plans of jobs that have just ended, with their first steps; their deliveries are noted already. */
export async function beginPlans(
  db: Queryable,
  plans: readonly { jobId: string; steps: readonly DeliveryStep[] }[],
): Promise<void> {
  if (plans.length === 0) return;
  await run(db, 'begin-plans', begin, [
    plans.map((plan) => plan.jobId),
    plans.map((plan) => JSON.stringify(plan.steps)),
    plans.map((plan) => plan.steps[0]?.forMs ?? null),
  ]);
}

const lockDue = `
SELECT job_id AS "jobId", generation, step, steps FROM baton.delivery_plan
WHERE state = 'active' AND step_until <= (SELECT baton.now())
ORDER BY step_until LIMIT $1 FOR UPDATE SKIP LOCKED`;

/** Locks plans whose step has had its time. */
export function lockDuePlans(db: Queryable, limit: number): Promise<PlanToAdvance[]> {
  return run<PlanToAdvance & { [column: string]: unknown }>(db, 'lock-due-plans', lockDue, [limit]);
}

// A delivery that is dead already (its endpoint is gone or disabled) ends its step at once.
const enter = `
WITH let_go AS (
  UPDATE baton.webhook_delivery SET state = 'pending', due_at = (SELECT baton.now())
  WHERE job_id = $1 AND generation = $2 AND plan_step = $3 AND state = 'waiting'
  RETURNING 1
)
UPDATE baton.delivery_plan SET step = $3, step_until = CASE
    WHEN $5 AND NOT EXISTS (SELECT FROM let_go) THEN (SELECT baton.now()) ELSE (SELECT baton.now()) + $4 * interval '1 ms' END
WHERE job_id = $1 AND generation = $2`;

/** Enters the plan's next step: a webhook's delivery is let go. */
export async function enterStep(db: Queryable, plan: PlanToAdvance, step: number): Promise<void> {
  const entered = plan.steps[step]!;
  const values = [plan.jobId, plan.generation, step, entered.forMs ?? null, entered.channel === 'webhook'];
  await run(db, 'enter-step', enter, values);
}

const exhaust = `
UPDATE baton.delivery_plan SET state = 'exhausted', reason = $3, step_until = NULL, ended_at = (SELECT baton.now())
WHERE job_id = $1 AND generation = $2`;

/** No step is left. Webhooks of the plan that are still tried go on by their schedules. */
export async function exhaustPlan(db: Queryable, { jobId, generation }: PlanToAdvance): Promise<void> {
  await run(db, 'exhaust-plan', exhaust, [jobId, generation, 'no channel was acknowledged']);
}

const hasten = `
UPDATE baton.delivery_plan p SET step_until = (SELECT baton.now())
FROM unnest($1::uuid[], $2::int[], $3::int[]) AS d(job_id, generation, step)
WHERE p.job_id = d.job_id AND p.generation = d.generation AND p.step = d.step AND p.state = 'active'`;

/** Ends the steps of plans whose webhooks have died. */
export async function endSteps(
  db: Queryable,
  steps: readonly { jobId: string; generation: number; planStep: number }[],
): Promise<void> {
  if (steps.length === 0) return;
  await run(db, 'end-steps', hasten, [
    steps.map((step) => step.jobId),
    steps.map((step) => step.generation),
    steps.map((step) => step.planStep),
  ]);
}

// After the last step too: webhooks whose steps are over are tried on.
const acknowledge = `
WITH plan AS (
  UPDATE baton.delivery_plan SET state = 'acknowledged', reason = $5, step_until = NULL, ended_at = (SELECT baton.now())
  WHERE job_id = $1 AND tenant_id = coalesce($2, tenant_id) AND generation = $3 AND seq <= $4 AND state <> 'acknowledged'
  RETURNING job_id, generation
), cancelled AS (
  UPDATE baton.webhook_delivery d SET state = 'cancelled', reason = $5, claim = NULL, finished_at = (SELECT baton.now())
  FROM plan p WHERE d.job_id = p.job_id AND d.generation = p.generation AND d.plan_step IS NOT NULL AND d.state IN ('waiting', 'pending')
)
SELECT 1 AS one FROM plan`;

/** Ends a plan, and cancels what is left of it. @returns false when there is none, or it was acknowledged before */
export async function acknowledgePlan(
  db: Queryable,
  plan: { jobId: string; tenantId?: string | undefined; generation: number; seq: number; reason: string },
): Promise<boolean> {
  const { jobId, tenantId, generation, seq, reason } = plan;
  const values = [jobId, tenantId ?? null, generation, seq, reason];
  return (await run(db, 'acknowledge-plan', acknowledge, values)).length > 0;
}

const read = `
SELECT generation, seq, steps, step, state, reason, floor(extract(epoch FROM step_until) * 1000)::bigint AS "stepUntilMs",
  floor(extract(epoch FROM ended_at) * 1000)::bigint AS "endedAtMs"
FROM baton.delivery_plan WHERE job_id = $1 AND tenant_id = $2 ORDER BY generation DESC LIMIT 1`;

export interface PlanRow {
  generation: number;
  seq: number;
  steps: DeliveryStep[];
  step: number;
  state: 'active' | 'acknowledged' | 'exhausted';
  reason: string | null;
  stepUntilMs: number | null;
  endedAtMs: number | null;
}

/** The plan of a job's latest generation, once the job has ended. */
export async function readPlan(
  db: Queryable,
  { jobId, tenantId }: { jobId: string; tenantId: string },
): Promise<PlanRow | undefined> {
  const [plan] = await run<PlanRow & { [column: string]: unknown }>(db, 'read-plan', read, [jobId, tenantId]);
  return plan;
}
