import type { DispatchMode } from '@baton/contracts';
import type { Transaction } from '../transaction/transaction.js';
import { type ClaimedJob, claimedIfRunning } from './claimed-job.js';
import { type GateLevel, gateOf, gateReason, nextGate } from './gate-key.js';
import { handOver, keepHanded, noOffer, offerValues } from './hand-over.sql.js';
import { run } from './statement.js';

/** A job that may run now: whoever released it wakes its queue after the commit. */
export interface Released {
  jobId: string;
  queue: string;
  mode: DispatchMode;
}

/** SQL: a job `j` with its queue `q` comes to stand before the gate of `t`. The deadline is counted from when it first became due. */
export const stands = `state = 'held', reason = t.reason, gate = t.gate, seq = j.seq + (j.state <> 'held')::int,
    deadline_at = coalesce(j.deadline_at, (SELECT baton.now()) + coalesce(j.expect_ms, t.expect_ms) * interval '1 ms')`;

/** SQL: a job `j` is released, or, where `t` has an execution for it, handed on to that, which is released and claimed in one. */
export const goes = (workerId: string): string => `
    state = CASE WHEN t.execution_id IS NULL THEN 'queued' ELSE 'running' END::baton.job_state,
    reason = NULL, gate = NULL, mode = t.mode, attempt = j.attempt + 1, outbox_id = t.outbox_id,
    seq = j.seq + 1 + (t.execution_id IS NOT NULL)::int, queued_seq = j.seq + 1, queued_at = (SELECT baton.now()),
    deadline_at = coalesce(j.deadline_at, (SELECT baton.now()) + coalesce(j.expect_ms, t.expect_ms) * interval '1 ms'),
    started_at = CASE WHEN t.execution_id IS NOT NULL THEN (SELECT baton.now()) END,
    started_seq = CASE WHEN t.execution_id IS NOT NULL THEN j.seq + 2 END,
    worker_id = CASE WHEN t.execution_id IS NOT NULL THEN ${workerId} END, execution_id = t.execution_id, alone = false`;

/** SQL: the outbox rows of jobs `released`, in event mode. */
export const announced = `
  INSERT INTO baton.outbox (shard, queue, priority, id, job_id, attempt, created_at)
  SELECT baton.shard_of(tenant_id, queue, ordering_key, id), queue, priority, outbox_id, id, attempt, queued_at
  FROM released WHERE mode = 'event'`;

/** SQL: {@link GoneRow}s, of the rows of `gone`, jobs as a statement has left them. */
export const told = (gone: string): string => `
SELECT ${claimedIfRunning}, c.state, c.mode, c.gate, c.concurrency_key AS "concurrencyKey" FROM ${gone} c`;

/**
 * SQL: releases the jobs `j` of `from`, or hands them on, or makes them stand before their gates; it selects {@link GoneRow}s.
 * @param parts.before CTEs that stand before it @param parts.first the number of the first of its parameters, `offerValues`
 */
export const releasing = (parts: { before?: string; from: string; gate: string; first: number }): string => {
  const offer = handOver(parts.first);
  return `
WITH ${parts.before ?? ''}${offer.with}, found AS MATERIALIZED (
  SELECT j.id, j.tenant_id, j.queue, j.priority, j.concurrency_key, j.careful, j.parents, q.dispatch_mode AS mode, q.paused_at, q.expect_ms,
    g.gate, ${gateReason('q', 'g.gate')} AS reason
  FROM ${parts.from} JOIN baton.queue q ON q.name = j.queue CROSS JOIN LATERAL (SELECT ${parts.gate} AS gate) g
  ORDER BY j.id
  FOR UPDATE OF j
), target AS MATERIALIZED (
  SELECT f.*, ${offer.executionId('f', 'f.gate IS NULL', 'f.priority, f.id')} AS execution_id,
    CASE WHEN f.gate IS NULL AND f.mode = 'event' THEN nextval('baton.outbox_id') END AS outbox_id
  FROM found f
), held AS (
  UPDATE baton.job j SET ${stands} FROM target t WHERE j.id = t.id AND t.gate IS NOT NULL
  RETURNING j.*
), released AS (
  UPDATE baton.job j SET ${goes(`$${parts.first}`)} FROM target t WHERE j.id = t.id AND t.gate IS NULL
  RETURNING j.*
), announced AS (${announced}
)
${told('(SELECT * FROM released UNION ALL SELECT * FROM held)')}`;
};

/** SQL: before which gate a job `j` of a queue `q` comes to stand when its turn has come. */
export const firstGate = nextGate('q', 'j.concurrency_key', 'j.slots');

const named = '(SELECT * FROM baton.job WHERE id = ANY ($1::uuid[])) j';
const throughGates = releasing({ from: named, gate: firstGate, first: 2 });
const again = releasing({ from: named, gate: 'NULL::smallint', first: 2 });

/** A job that a statement has let go, handed on (`running`), or made stand before a gate (`held`). */
export interface GoneRow extends ClaimedJob {
  state: 'queued' | 'running' | 'held';
  mode: DispatchMode;
  gate: GateLevel | null;
  concurrencyKey: string | null;
}

/**
 * Releases live jobs to run once more, each under its next attempt number, in its queue's mode of this moment;
 * in event mode with its outbox row. What is still said under the old attempt changes nothing from here on.
 * A job of a queue with limits is held before its gate instead: `passGates`, last in the transaction, lets it through
 * where there is room. Some may be handed on to the worker of the transaction's offer: `tx.handed`.
 * @param options.again true: it was released already and nobody runs it any more; it has what slots it needs
 * @returns those that wait for a worker
 */
export async function releaseJobs(
  tx: Transaction,
  jobIds: readonly string[],
  { again: wasReleased = false }: { again?: boolean } = {},
): Promise<Released[]> {
  if (jobIds.length === 0) return [];
  tx.locking('jobs');
  const [name, sql] = wasReleased ? ['release-jobs-again', again] : ['release-jobs', throughGates];
  // What is released again was let go of by this very worker, or by one that is gone.
  const offered = wasReleased ? noOffer : offerValues(tx);
  return releasedOf(
    tx,
    await run<GoneRow & { [column: string]: unknown }>(tx, name, sql, [jobIds, ...offered]),
  );
}

/** Notes before which gates jobs have come to stand, and what was handed on. @returns those that wait for a worker */
export function releasedOf(tx: Transaction, rows: readonly GoneRow[]): Released[] {
  for (const { gate, ...job } of rows) if (gate !== null) tx.touchGate(gateOf({ ...job, gate }));
  keepHanded(
    tx,
    rows.filter(({ state }) => state === 'running'),
  );
  return rows.flatMap(({ jobId, queue, mode, state }) =>
    state === 'queued' ? [{ jobId, queue, mode }] : [],
  );
}
