import { run, type Queryable } from './statement.js';

/** One try, and what follows from it for its delivery. */
export interface TriedDelivery {
  id: string;
  claim: string;
  attempt: number;
  /** How long ago the try began. */
  agoMs: number;
  outcome: string;
  status: number | null;
  error: string | null;
  /** JSON. */
  request: string;
  response: string | null;
  timings: string;
  state: 'delivered' | 'dead' | 'pending';
  reason: string | null;
  /** Until the next try. */
  delayMs: number;
  usesStep: boolean;
}

const record = `
WITH tried AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::float8[], $5::text[], $6::int[], $7::text[], $8::jsonb[], $9::jsonb[],
      $10::jsonb[], $11::text[], $12::text[], $13::float8[], $14::bool[])
    AS t(id, claim, attempt, ago_ms, outcome, status, error, request, response, timings, state, reason, delay_ms, uses_step)
), moment AS MATERIALIZED (SELECT baton.now() AS now), told AS (
  INSERT INTO baton.webhook_attempt (delivery_id, attempt, at, outcome, status, error, request, response, timings)
  SELECT id, attempt, m.now - ago_ms * interval '1 ms', outcome, status, error, request, response, timings FROM tried CROSS JOIN moment m
)
UPDATE baton.webhook_delivery d SET state = t.state, reason = t.reason, attempts = t.attempt, step = d.step + t.uses_step::int, claim = NULL,
  due_at = CASE WHEN t.state = 'pending' THEN m.now + t.delay_ms * interval '1 ms' ELSE d.due_at END,
  finished_at = CASE WHEN t.state <> 'pending' THEN m.now END
FROM tried t CROSS JOIN moment m WHERE d.id = t.id AND d.claim = t.claim AND d.state = 'pending'
RETURNING d.id`;

/**
 * Records tries, and moves on the deliveries whose claim still holds; a try that took too long, or whose delivery was
 * cancelled meanwhile, is told in the history alone.
 * @returns the ids of those that moved
 */
export async function recordTries(db: Queryable, tries: readonly TriedDelivery[]): Promise<Set<string>> {
  const column = <K extends keyof TriedDelivery>(name: K) => tries.map((tried) => tried[name]);
  const rows = await run<{ id: string }>(db, 'record-tries', record, [
    column('id'),
    column('claim'),
    column('attempt'),
    column('agoMs'),
    column('outcome'),
    column('status'),
    column('error'),
    column('request'),
    column('response'),
    column('timings'),
    column('state'),
    column('reason'),
    column('delayMs'),
    column('usesStep'),
  ]);
  return new Set(rows.map((row) => row.id));
}
