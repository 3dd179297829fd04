import type { Transaction } from '../transaction/transaction.js';
import { gateColumns, type GateKey, gateRows, keyGate, ofGate, queueGate } from './gate-key.js';
import { type Queryable, run } from './statement.js';

const page = `
SELECT queue, key, tenant_id AS "tenantId" FROM baton.gate WHERE (queue, key, tenant_id) > ($1, $2, $3::uuid)
ORDER BY queue, key, tenant_id LIMIT $4`;

/** Gates in order, those after one of them. */
export function listGates(db: Queryable, after: GateKey, limit: number): Promise<GateKey[]> {
  return run<GateKey & { [column: string]: unknown }>(db, 'list-gates', page, [
    after.queue,
    after.key,
    after.tenantId,
    limit,
  ]);
}

const recount = `
UPDATE baton.gate g SET running = c.n FROM ${gateRows} CROSS JOIN LATERAL (
  SELECT count(*)::int AS n FROM baton.job j
  WHERE j.queue = k.queue AND j.slots <> 0 AND CASE WHEN k.key = '' THEN j.slots & ${queueGate} <> 0
    ELSE j.concurrency_key = k.key AND j.tenant_id = k.tenant_id AND j.slots & ${keyGate} <> 0 END
) c
WHERE ${ofGate('g')} AND g.running <> c.n
RETURNING 1 AS one`;

/**
 * Sets locked gates to what the jobs say that hold their slots. Exact: whoever changes a job's slots needs the gate's
 * lock before it commits.
 * @returns how many had counted wrongly
 */
export async function recountSlots(tx: Transaction, gates: readonly GateKey[]): Promise<number> {
  return (await run(tx, 'recount-slots', recount, gateColumns(gates))).length;
}

const idle = `
DELETE FROM baton.gate g USING ${gateRows} WHERE ${ofGate('g')} AND g.running = 0 AND g.due_at IS NULL
  AND NOT EXISTS (SELECT FROM baton.job j WHERE j.queue = g.queue AND j.state = 'held' AND j.gate IS NOT NULL
    AND CASE WHEN g.key = '' THEN j.gate = ${queueGate} ELSE j.gate = ${keyGate} AND j.concurrency_key = g.key AND j.tenant_id = g.tenant_id END)
  AND NOT EXISTS (SELECT FROM baton.queue q WHERE q.name = g.queue AND q.rate_limit IS NOT NULL
    AND coalesce(g.tokens, 0) + extract(epoch FROM (SELECT baton.now()) - g.refilled_at) * 1000 * q.rate_limit / q.rate_per_ms
      < coalesce(q.rate_burst, q.rate_limit))`;

/** Forgets locked gates at which nothing is: no slot taken, nobody standing, the bucket full. */
export async function forgetIdleGates(tx: Transaction, gates: readonly GateKey[]): Promise<void> {
  await run(tx, 'forget-idle-gates', idle, gateColumns(gates));
}

const unattended = `
SELECT g.queue, g.key, g.tenant_id AS "tenantId" FROM ${gateRows} JOIN baton.gate g ON ${ofGate('g')} WHERE g.due_at IS NULL`;

/** Those of locked gates at which the timers are not about to look. */
export function findUnattendedGates(tx: Transaction, gates: readonly GateKey[]): Promise<GateKey[]> {
  return run<GateKey & { [column: string]: unknown }>(
    tx,
    'find-unattended-gates',
    unattended,
    gateColumns(gates),
  );
}

const gated = `SELECT name FROM baton.queue WHERE gated AND NOT regate ORDER BY name`;

/** Queues before whose gates jobs may stand. */
export async function listGatedQueues(db: Queryable): Promise<string[]> {
  return (await run<{ name: string }>(db, 'list-gated-queues', gated, [])).map((row) => row.name);
}
