import { priorities, takesPerTurn } from '@baton/contracts';
import type { Transaction } from '../transaction/transaction.js';
import {
  fairWindow,
  type Freed,
  gateColumns,
  gateId,
  type GateKey,
  type GateLevel,
  keyGate,
  gateReason,
  nextGate,
  noTenant,
  ofGate,
  queueGate,
} from './gate-key.js';
import { handOver, offerValues } from './hand-over.sql.js';
import {
  announced,
  goes,
  type GoneRow,
  type Released,
  releasedOf,
  stands,
  told,
} from './release-jobs.sql.js';
import { ofPriority } from './of-priority.js';
import { run } from './statement.js';

/** Jobs let through one gate at once; more wait for the next look. */
const slice = 500;
/** Before a look at jobs that others have locked, and at a gate whose jobs wait for the workers, milliseconds. */
const busyMs = 20;
const aheadMs = { least: 20, most: 1_000 };

/** Of a gate `g`, the jobs `j`: each has an index that ends in (priority, id), or (tenant_id, priority, id). */
const atGate = (level: GateLevel): string =>
  level === queueGate
    ? 'j.queue = g.queue'
    : 'j.queue = g.queue AND j.concurrency_key = g.key AND j.tenant_id = g.tenant_id';
const standing = (level: GateLevel): string => `${atGate(level)} AND j.state = 'held' AND j.gate = ${level}`;
/** Let through, and not begun by any worker. */
const ahead = (level: GateLevel): string => `${atGate(level)} AND j.state = 'queued' AND j.slots <> 0`;

const turn = `coalesce(g.turn, '${noTenant}')`;
const nextTenant = (after: string): string => `(
      SELECT j.tenant_id FROM baton.job j WHERE j.queue = g.queue AND j.state = 'held' AND j.gate = ${queueGate} AND j.tenant_id > ${after}
      ORDER BY j.tenant_id LIMIT 1)`;

/** Of a gate, what goes with each job that it lets through. */
const gateColumnsOf =
  'g.n, g.queue, g.mode, g.paused_at, g.expect_ms, g.next_gate AS gate, g.next_reason AS reason';
/** Of a job that is locked to be let through. */
const jobColumns = 'j.id, j.tenant_id, j.priority, j.concurrency_key, j.careful, j.parents';
/** Not among those that have their turn in this statement. */
const notInTurn = 'j.id <> ALL (ARRAY(SELECT t.id FROM turn t))';

// One lap of the ring of tenants, from the one after the last served, a probe of the index each. Each of t tenants gives
// the same number; where some have too little, others give more.
const inTurn = `
    WITH RECURSIVE ring AS (
      SELECT 1 AS n, a.id IS NULL AS wrapped, coalesce(a.id, ${nextTenant(`'${noTenant}'`)}) AS id
      FROM (SELECT ${nextTenant(turn)} AS id) a WHERE g.fair AND g.more > 0
      UNION ALL
      SELECT r.n + 1, r.wrapped OR a.id IS NULL, coalesce(a.id, CASE WHEN NOT r.wrapped THEN ${nextTenant(`'${noTenant}'`)} END)
      FROM ring r CROSS JOIN LATERAL (SELECT ${nextTenant('r.id')} AS id) a
      WHERE r.n < g.more AND (NOT r.wrapped OR r.id <= ${turn})
    ), tenants AS (
      SELECT n, id, count(*) OVER () AS t FROM ring WHERE id IS NOT NULL AND (NOT wrapped OR id <= ${turn})
    )
    SELECT c.id, c.tenant_id, row_number() OVER (ORDER BY c.nth, t.n) AS place FROM tenants t CROSS JOIN LATERAL (
      SELECT j.id, j.tenant_id, row_number() OVER (ORDER BY j.priority, j.id) AS nth FROM (
        SELECT j.id, j.priority, j.tenant_id FROM baton.job j
        WHERE j.queue = g.queue AND j.tenant_id = t.id AND j.state = 'held' AND j.gate = ${queueGate} AND ${notInTurn}
        ORDER BY j.priority, j.id LIMIT (g.more + 200) / t.t + 1
      ) j
    ) c ORDER BY c.nth, t.n LIMIT g.more`;

const rated = { [keyGate]: 'q.rate_per_key', [queueGate]: 'NOT q.rate_per_key' } as const;
// As workers do it: of 32 that a gate lets through the 16th is the oldest low one, the 32nd the oldest normal one. A row that
// this transaction has locked for a turn is not skipped by it, so the rest must leave it out.
const turnsDue = (taken: string, room: string, phase: number): string => {
  const below = (n: string): string => `(${n} + ${2 * takesPerTurn - phase}) / ${2 * takesPerTurn}`;
  return `(${below(`(${taken} + ${room})`)} - ${below(taken)})`;
};
const oldestOf = (level: GateLevel, priority: number, count: string): string => `
  SELECT ${gateColumnsOf}, p.* FROM room g CROSS JOIN LATERAL (
    SELECT ${jobColumns} FROM baton.job j WHERE ${standing(level)} AND ${ofPriority('j', priority)} ORDER BY j.priority, j.id LIMIT ${count} FOR UPDATE SKIP LOCKED
  ) p`;

const offer = handOver(5);

/** Where a job goes that has passed a gate: past its key's, to its queue's, if that has one. */
const past = (level: GateLevel): string =>
  level === keyGate ? nextGate('q', 'NULL', String(keyGate)) : 'NULL::smallint';

const slots = { [keyGate]: 'q.concurrency_per_key', [queueGate]: 'q.concurrency_total' } as const;

// A bucket fills up to its burst; what is let through takes a token each, and at most one burst is ahead of the workers.
// A slot has no token, a token no slot: a limit that is not set lets a whole slice through.
// A gate is looked up apart (OFFSET 0), or all gates of its queue are read for each; `counts` has a place for each gate that was
// asked for, since to look for a gate's own among all that were picked costs a batch its size squared.
// `due`: when the timers are to look. Where only slots are missing, whoever gives one back looks; where the workers have
// enough before them, it is looked at after as long again as nothing has moved. A worker that offers slots lets through what
// goes there at once besides, which is not ahead of anybody; then the timers look each second.
const text = (level: GateLevel): string => `
WITH ${offer.with}, moment AS MATERIALIZED (SELECT baton.now() AS now),
offered AS MATERIALIZED (SELECT nullif(cardinality($7::uuid[]), 0) AS slots),
g AS MATERIALIZED (
  SELECT k.n, g.queue, g.key, g.tenant_id, k.freed, g.running - k.freed AS running, m.now, g.refilled_at, g.due_at, g.turn, g.taken,
    ${slots[level]} AS slots, b.*, q.dispatch_mode AS mode, q.paused_at, q.expect_ms, ${past(level)} AS next_gate, ${gateReason('q', past(level))} AS next_reason,
    CASE WHEN b.rated THEN least(b.burst, coalesce(g.tokens + extract(epoch FROM m.now - g.refilled_at) * 1000 / b.token_ms, b.burst)) END AS tokens,
    ${level === queueGate ? 'q.paused_at IS NOT NULL' : 'false'} AS paused, ${level === queueGate ? `q.fairness = 'tenant'` : 'false'} AS fair
  FROM unnest($1::text[], $2::text[], $3::uuid[], $4::int[]) WITH ORDINALITY AS k(queue, key, tenant_id, freed, n)
  CROSS JOIN LATERAL (SELECT * FROM baton.gate g WHERE ${ofGate('g')} OFFSET 0) g JOIN baton.queue q ON q.name = k.queue CROSS JOIN moment m
  CROSS JOIN LATERAL (
    SELECT q.rate_limit IS NOT NULL AND ${rated[level]} AS rated, coalesce(q.rate_burst, q.rate_limit) AS burst,
      q.rate_per_ms::float8 / q.rate_limit AS token_ms,
      ${level === queueGate ? `CASE WHEN q.fairness = 'tenant' THEN ${fairWindow} END` : 'NULL::int'} AS fair_window
  ) b
), room AS MATERIALIZED (
  SELECT r.*, ${turnsDue('r.taken', 'r.room', takesPerTurn)} AS low_turns, ${turnsDue('r.taken', 'r.room', 2 * takesPerTurn)} AS normal_turns
  FROM (SELECT g.*, greatest(0, least(${slice}, CASE WHEN g.paused THEN 0 END, g.slots - g.running, floor(g.tokens + 1e-6)::int,
    CASE WHEN g.most_ahead IS NOT NULL AND coalesce(g.tokens, 1) >= 1 - 1e-6 THEN coalesce(g.offered, 0) + greatest(0,
      g.most_ahead - (SELECT count(*) FROM (SELECT FROM baton.job j WHERE ${ahead(level)} LIMIT g.most_ahead) a)::int) END)) AS room
  FROM (SELECT g.*, least(CASE WHEN g.rated THEN g.burst END, g.fair_window) AS most_ahead,
    CASE WHEN ${offer.takes('g.queue')} THEN ceil(o.slots * g.freed / nullif(sum(g.freed) OVER (), 0))::int END AS offered
    FROM g CROSS JOIN offered o) g) r
), turn AS MATERIALIZED (${oldestOf(level, priorities.low, 'g.low_turns')}
  UNION ALL${oldestOf(level, priorities.normal, 'g.normal_turns')}
), rest AS MATERIALIZED (
  SELECT g.*, g.room - (SELECT count(*)::int FROM turn t WHERE t.n = g.n) AS more FROM room g
), picked AS MATERIALIZED (
  SELECT t.*, NULL::uuid AS served, NULL::bigint AS place FROM turn t
  UNION ALL
  SELECT ${gateColumnsOf}, p.*, NULL, NULL FROM rest g CROSS JOIN LATERAL (
    SELECT ${jobColumns} FROM baton.job j WHERE ${standing(level)}${level === queueGate ? ' AND NOT g.fair' : ''} AND ${notInTurn}
    ORDER BY j.priority, j.id LIMIT g.more FOR UPDATE SKIP LOCKED
  ) p${
    level === keyGate
      ? ''
      : `
  UNION ALL
  SELECT ${gateColumnsOf}, l.*, f.tenant_id, f.place FROM rest g CROSS JOIN LATERAL (${inTurn}
  ) f CROSS JOIN LATERAL (
    SELECT ${jobColumns} FROM baton.job j WHERE j.id = f.id AND j.state = 'held' AND j.gate = ${queueGate} FOR UPDATE SKIP LOCKED
  ) l WHERE g.fair`
  }
), target AS MATERIALIZED (
  SELECT p.*, ${offer.executionId('p', 'p.gate IS NULL', 'p.priority, p.id')} AS execution_id,
    CASE WHEN p.gate IS NULL AND p.mode = 'event' THEN nextval('baton.outbox_id') END AS outbox_id
  FROM picked p
), ${
  level === queueGate
    ? ''
    : `held AS (
  UPDATE baton.job j SET slots = j.slots | ${level}, follows = true, ${stands} FROM target t WHERE j.id = t.id AND t.gate IS NOT NULL
  RETURNING j.*
), `
}released AS (
  UPDATE baton.job j SET slots = j.slots | ${level}, follows = true, ${goes('$5')} FROM target t WHERE j.id = t.id AND t.gate IS NULL
  RETURNING j.*
), announced AS (${announced}
), counts AS MATERIALIZED (
  SELECT array_agg(c.went ORDER BY c.n) AS went, array_agg(c.last_served ORDER BY c.n) AS last_served FROM (
    SELECT p.n, count(p.id)::int AS went, (array_agg(p.served ORDER BY p.place DESC) FILTER (WHERE p.place IS NOT NULL))[1] AS last_served
    FROM (SELECT n, id, served, place FROM picked UNION ALL SELECT generate_series(1, cardinality($1::text[])), NULL, NULL, NULL) p
    GROUP BY p.n
  ) c
), after AS MATERIALIZED (
  SELECT g.*, c.went, c.last_served, CASE
      WHEN g.paused OR g.running + c.went >= g.slots OR NOT EXISTS (SELECT FROM baton.job j WHERE ${standing(level)} OFFSET c.went) THEN NULL
      WHEN c.went = ${slice} THEN g.now
      WHEN c.went < g.room THEN g.now + interval '${busyMs} ms'
      WHEN g.tokens - c.went < 1 - 1e-6 THEN g.now + (1 - (g.tokens - c.went)) * g.token_ms * interval '1 ms'
      WHEN (SELECT slots FROM offered) IS NOT NULL THEN g.now + ${aheadMs.most} * interval '1 ms'
      ELSE g.now + least(${aheadMs.most}, greatest(${aheadMs.least}, CASE WHEN c.went = 0 THEN extract(epoch FROM g.now - g.refilled_at) * 1000 END)) * interval '1 ms'
    END AS next_due
  FROM room g CROSS JOIN LATERAL (SELECT a.went[g.n] AS went, a.last_served[g.n] AS last_served FROM counts a) c
), counted AS (
  UPDATE baton.gate t SET running = greatest(0, g.running + g.went),
    tokens = CASE WHEN g.went > 0 THEN g.tokens - g.went ELSE t.tokens END,
    refilled_at = CASE WHEN g.went > 0 THEN g.now ELSE coalesce(t.refilled_at, g.now) END,
    due_at = g.next_due, turn = coalesce(g.last_served, t.turn), taken = (t.taken + g.went) % ${2 * takesPerTurn}
  FROM after g
  WHERE t.queue = g.queue AND t.key = g.key AND t.tenant_id = g.tenant_id
    AND (g.went > 0 OR g.freed > 0 OR g.next_due IS DISTINCT FROM t.due_at)
)
SELECT l.*, d."dueAtMs"
FROM (SELECT ceil(extract(epoch FROM min(next_due)) * 1000)::bigint AS "dueAtMs" FROM after WHERE due_at IS NULL OR next_due < due_at) d
LEFT JOIN (${told(level === queueGate ? 'released' : '(SELECT * FROM released UNION ALL SELECT * FROM held)')}
) l ON true`;

export const admissionTexts = { [keyGate]: text(keyGate), [queueGate]: text(queueGate) } as const;

/**
 * Lets jobs through gates of one level, which the transaction has locked, and counts them there: they are released, or
 * handed on, or come to stand before their next gate. When the timers are to look at one of the gates, where they do not know
 * of it yet, is noted in `tx.openGates`.
 * @returns those that wait for a worker
 */
export async function admitThroughGates(
  tx: Transaction,
  level: GateLevel,
  gates: readonly GateKey[],
  freed: readonly Freed[],
): Promise<Released[]> {
  const back = new Map<string, number>();
  for (const gate of freed) back.set(gateId(gate), (back.get(gateId(gate)) ?? 0) + gate.count);
  const counts = gates.map((gate) => back.get(gateId(gate)) ?? 0);
  type Row = (GoneRow | Record<keyof GoneRow, null>) & { dueAtMs: number | null };
  const rows = await run<Row>(tx, `admit-through-gates-${level}`, admissionTexts[level], [
    ...gateColumns(gates),
    counts,
    ...offerValues(tx),
  ]);
  const [first] = rows;
  if (first && first.dueAtMs !== null) tx.openGates.add(String(first.dueAtMs));
  return releasedOf(
    tx,
    rows.filter((row) => row.jobId !== null),
  );
}
