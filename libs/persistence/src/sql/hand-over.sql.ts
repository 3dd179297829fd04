import type { Transaction } from '../transaction/transaction.js';
import type { ClaimedJob } from './claimed-job.js';

/** The part of a statement that releases jobs which hands some of them to the worker of the transaction's offer. */
export interface HandOverSql {
  /** Two CTEs. */
  with: string;
  /** Whether anything of a queue is handed on at all. */
  takes: (queue: string) => string;
  /**
   * @param t a row with mode, paused_at, careful, parents and queue @param released whether it is released at all
   * @returns the execution to which it goes, or null
   */
  executionId: (t: string, released: string, order: string) => string;
}

/** For how long a job may wait for a claim before nothing of its queue and priority is handed on any more, milliseconds. */
const overtakeMs = 500;

/**
 * The fence is the claim's, a share lock on the worker's row, but never waited for: this transaction has locked jobs, and
 * a rescue locks the worker first. While the row is locked (a rescue, a renewal) nothing is handed on, and jobs are claimed.
 * What must be claimed: a job that runs alone, one that gets its parents' results, and any of a queue whose next job to be
 * claimed is more urgent, or has waited for {@link overtakeMs}. That short a wait is overtaken, since some job of a busy queue
 * is always on its way to a claim.
 * @param first the number of the first of its three parameters, {@link offerValues}
 */
export function handOver(first: number): HandOverSql {
  const [worker, queues, executions] = [first, first + 1, first + 2].map((n) => `$${n}`);
  const takes = (queue: string, urgent = ''): string =>
    `(${queue} = ANY (${queues}::text[]) AND EXISTS (SELECT FROM me)
    AND NOT EXISTS (SELECT FROM waiting w WHERE w.name = ${queue} AND (w.long${urgent})))`;
  const mayGo = (t: string, released: string): string =>
    `(${released} AND ${t}.mode = 'polling' AND ${t}.paused_at IS NULL AND NOT ${t}.careful AND ${t}.parents = 0
    AND ${takes(`${t}.queue`, ` OR w.priority < ${t}.priority`)})`;
  return {
    takes,
    with: `me AS MATERIALIZED (SELECT w.id FROM baton.worker w WHERE w.id = ${worker}::uuid AND w.state = 'alive' FOR SHARE SKIP LOCKED),
waiting AS MATERIALIZED (
  SELECT o.name, w.priority, w.queued_at < (SELECT baton.now()) - ${overtakeMs} * interval '1 ms' AS long
  FROM unnest(${queues}::text[]) AS o(name) CROSS JOIN LATERAL (
    SELECT w.priority, w.queued_at FROM baton.job w WHERE w.queue = o.name AND w.state = 'queued' AND w.mode = 'polling'
    ORDER BY w.priority, w.id LIMIT 1
  ) w
)`,
    executionId: (t, released, order) => `CASE WHEN ${mayGo(t, released)} THEN
    (${executions}::uuid[])[row_number() OVER (PARTITION BY ${mayGo(t, released)} ORDER BY ${order})] END`,
  };
}

export function offerValues({ offer }: Transaction): [string | null, readonly string[], readonly string[]] {
  return offer ? [offer.workerId, offer.queues, offer.executionIds] : noOffer;
}
export const noOffer: [null, [], []] = [null, [], []];

/** Keeps what was handed on for the transaction's end; its executions are used up. */
export function keepHanded(tx: Transaction, handed: readonly ClaimedJob[]): void {
  if (handed.length === 0 || !tx.offer) return;
  const used = new Set(handed.map((job) => job.executionId));
  tx.offer = { ...tx.offer, executionIds: tx.offer.executionIds.filter((id) => !used.has(id)) };
  tx.handed.push(...handed);
}
