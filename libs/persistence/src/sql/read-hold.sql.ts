import type { HoldReason } from '@baton/contracts';
import { gateReason, keyGate, noTenant } from './gate-key.js';
import { run, type Queryable } from './statement.js';

/** What holds a job, as it is at this moment. Which of the fields are there depends on the reason. */
export interface Hold {
  reason: HoldReason;
  /** lane: the job whose turn it is. */
  holder: string | null;
  /** concurrency, rate: of the key alone, or of the whole queue. */
  key: string | null;
  /** concurrency: jobs that may have a slot, jobs that have one, and which of the job's tenant these are (ten at most). */
  limit: number | null;
  taken: number | null;
  takers: string[] | null;
  /** rate: so many in so long. */
  rate: number | null;
  ratePerMs: number | null;
  /** parents: those not finished (100 at most). */
  parents: string[] | null;
  /** paused. */
  sinceMs: number | null;
  /** rate: when the next token comes. */
  untilMs: number | null;
}

// Whose slots others' tenants have is theirs to know: of those only the number is told.
const text = `
SELECT h.reason,
  CASE WHEN h.reason = 'lane' THEN (SELECT l.holder FROM baton.lane l
    WHERE l.tenant_id = j.tenant_id AND l.queue = j.queue AND l.ordering_key = j.ordering_key) END AS holder,
  CASE WHEN h.reason IN ('concurrency', 'rate') AND h.by_key THEN j.concurrency_key END AS key,
  CASE WHEN h.reason = 'concurrency' THEN CASE WHEN h.by_key THEN q.concurrency_per_key ELSE q.concurrency_total END END AS "limit",
  CASE WHEN h.reason = 'concurrency' THEN coalesce(g.running, 0) END AS taken,
  CASE WHEN h.reason = 'concurrency' THEN ARRAY(SELECT s.id FROM baton.job s
    WHERE s.queue = j.queue AND s.tenant_id = j.tenant_id AND s.slots & j.gate <> 0 AND (NOT h.by_key OR s.concurrency_key = j.concurrency_key)
    ORDER BY s.id LIMIT 10) END AS takers,
  CASE WHEN h.reason = 'rate' THEN q.rate_limit END AS rate, CASE WHEN h.reason = 'rate' THEN q.rate_per_ms END AS "ratePerMs",
  CASE WHEN h.reason = 'parents' THEN ARRAY(SELECT d.parent_id FROM baton.dependency d
    WHERE d.child_id = j.id AND NOT d.done ORDER BY d.parent_id LIMIT 100) END AS parents,
  CASE WHEN h.reason = 'paused' THEN floor(extract(epoch FROM q.paused_at) * 1000)::bigint END AS "sinceMs",
  CASE WHEN h.reason = 'rate' THEN ceil(extract(epoch FROM greatest(baton.now(), coalesce(g.due_at,
    g.refilled_at + greatest(0, 1 - coalesce(g.tokens, 1)) * q.rate_per_ms / q.rate_limit * interval '1 ms', baton.now()))) * 1000)::bigint END AS "untilMs"
FROM baton.job j JOIN baton.queue q ON q.name = j.queue
CROSS JOIN LATERAL (SELECT coalesce(${gateReason('q', 'j.gate')}, j.reason) AS reason, j.gate = ${keyGate} AS by_key) h
LEFT JOIN baton.gate g ON g.queue = j.queue AND g.key = CASE WHEN h.by_key THEN j.concurrency_key ELSE '' END
  AND g.tenant_id = CASE WHEN h.by_key THEN j.tenant_id ELSE '${noTenant}' END
WHERE j.id = $1 AND j.tenant_id = $2 AND j.state = 'held'`;

/** @returns undefined when the tenant has no such job, or it is not held */
export async function readHold(db: Queryable, tenantId: string, jobId: string): Promise<Hold | undefined> {
  const [row] = await run<Hold & { [column: string]: unknown }>(db, 'read-hold', text, [jobId, tenantId]);
  return row;
}
