import type { Transaction } from '../transaction/transaction.js';
import {
  type Freed,
  gateColumns,
  gateId,
  type GateKey,
  type GateLevel,
  keyGate,
  ofGate,
  queueGate,
} from './gate-key.js';
import { run } from './statement.js';

/** Jobs let through one gate at once; more wait for the next look. */
const slice = 500;

/** Of the jobs that stand before a gate: theirs is `j`, the gate is `g`. */
const standing = (level: GateLevel): string =>
  level === queueGate
    ? `j.queue = g.queue AND j.state = 'held' AND j.gate = ${queueGate}`
    : `j.queue = g.queue AND j.concurrency_key = g.key AND j.tenant_id = g.tenant_id AND j.state = 'held' AND j.gate = ${keyGate}`;

/** Of the jobs that a rate has let through and no worker has begun. */
const ahead = (level: GateLevel): string =>
  level === queueGate
    ? `j.queue = g.queue AND j.state = 'queued' AND j.slots <> 0`
    : `j.queue = g.queue AND j.concurrency_key = g.key AND j.tenant_id = g.tenant_id AND j.state = 'queued' AND j.slots <> 0`;

// A bucket fills up to its burst; what is let through takes a token each, and at most one burst is ahead of the workers.
// A slot has no token, a token no slot: a limit that is not set lets a whole slice through.
const text = (level: GateLevel): string => `
WITH moment AS MATERIALIZED (SELECT baton.now() AS now),
g AS MATERIALIZED (
  SELECT g.queue, g.key, g.tenant_id, k.freed, g.running - k.freed AS running, m.now,
    ${level === queueGate ? 'q.concurrency_total' : 'q.concurrency_per_key'} AS slots,
    q.rate_limit IS NOT NULL AND ${level === queueGate ? 'NOT q.rate_per_key' : 'q.rate_per_key'} AS rated,
    coalesce(q.rate_burst, q.rate_limit) AS burst,
    least(coalesce(q.rate_burst, q.rate_limit), coalesce(g.tokens, coalesce(q.rate_burst, q.rate_limit))
      + coalesce(extract(epoch FROM m.now - g.refilled_at) * 1000 * q.rate_limit / q.rate_per_ms, 0)) AS tokens,
    ${level === queueGate ? 'q.paused_at IS NOT NULL' : 'false'} AS paused
  FROM unnest($1::text[], $2::text[], $3::uuid[], $4::int[]) AS k(queue, key, tenant_id, freed)
  JOIN baton.gate g ON ${ofGate('g')} JOIN baton.queue q ON q.name = g.queue CROSS JOIN moment m
), room AS MATERIALIZED (
  SELECT g.*, greatest(0, least(${slice},
    CASE WHEN g.paused THEN 0 END,
    g.slots - g.running,
    CASE WHEN g.rated THEN floor(g.tokens + 1e-6)::int END,
    CASE WHEN g.rated THEN g.burst - (SELECT count(*) FROM (SELECT FROM baton.job j WHERE ${ahead(level)} LIMIT g.burst) a)::int END
  )) AS room
  FROM g
), picked AS MATERIALIZED (
  SELECT g.queue, g.key, g.tenant_id, p.id FROM room g CROSS JOIN LATERAL (
    SELECT j.id FROM baton.job j WHERE ${standing(level)}
    ORDER BY j.priority, j.id LIMIT g.room FOR UPDATE SKIP LOCKED
  ) p
), passed AS (
  UPDATE baton.job j SET slots = j.slots | ${level}, follows = true FROM picked p WHERE j.id = p.id RETURNING j.id
), counted AS (
  UPDATE baton.gate t SET running = greatest(0, g.running) + c.n,
    tokens = CASE WHEN g.rated THEN g.tokens - c.n END, refilled_at = CASE WHEN g.rated THEN g.now END
  FROM room g CROSS JOIN LATERAL (
    SELECT count(*)::int AS n FROM picked p WHERE p.queue = g.queue AND p.key = g.key AND p.tenant_id = g.tenant_id
  ) c
  WHERE t.queue = g.queue AND t.key = g.key AND t.tenant_id = g.tenant_id AND (c.n > 0 OR g.freed > 0)
)
SELECT (SELECT array_agg(id) FROM passed) AS "jobIds",
  (SELECT array_agg(DISTINCT g.queue) FROM room g CROSS JOIN LATERAL (
    SELECT count(*)::int AS n FROM picked p WHERE p.queue = g.queue AND p.key = g.key AND p.tenant_id = g.tenant_id
  ) c
  WHERE NOT g.paused AND (g.slots IS NULL OR g.running + c.n < g.slots)
    AND EXISTS (SELECT FROM baton.job j WHERE ${standing(level)} OFFSET c.n)) AS open`;

const texts = { [keyGate]: text(keyGate), [queueGate]: text(queueGate) } as const;

/**
 * Lets jobs through gates of one level, which the transaction has locked, and counts them there.
 * @returns the jobs, which now hold the slots; and the queues where more stand that no slot but a token, a lock or the
 *   slice's end holds back
 */
export async function admitThroughGates(
  tx: Transaction,
  level: GateLevel,
  gates: readonly GateKey[],
  freed: readonly Freed[],
): Promise<{ jobIds: string[]; open: string[] }> {
  const back = new Map<string, number>();
  for (const gate of freed) back.set(gateId(gate), (back.get(gateId(gate)) ?? 0) + gate.count);
  const counts = gates.map((gate) => back.get(gateId(gate)) ?? 0);
  type Row = { jobIds: string[] | null; open: string[] | null };
  const [row] = await run<Row>(tx, `admit-through-gates-${level}`, texts[level], [
    ...gateColumns(gates),
    counts,
  ]);
  return { jobIds: row?.jobIds ?? [], open: row?.open ?? [] };
}
