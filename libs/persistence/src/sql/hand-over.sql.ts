import type { Transaction } from '../transaction/transaction.js';
import { type ClaimedJob, claimedColumns } from './claimed-job.js';

/** The part of a statement that releases jobs which hands some of them to the worker of the transaction's offer. */
export interface HandOverSql {
  /** Two CTEs. */
  with: string;
  /**
   * @param t a row with mode, paused_at, careful, parents and queue @param released whether it is released at all
   * @returns the execution to which it goes, or null
   */
  executionId: (t: string, released: string, order: string) => string;
  /** The handed job as one JSON object, else null. @param c the job's row as it is now, or no row */
  handed: string;
}

/**
 * The fence is the claim's, a share lock on the worker's row, but never waited for: this transaction has locked jobs, and
 * a rescue locks the worker first. While the row is locked (a rescue, a renewal) nothing is handed on, and jobs are claimed.
 * What must be claimed: a job that runs alone, one that gets its parents' results, and any of a queue that has others waiting
 * for a worker, which are older or more urgent.
 * @param first the number of the first of its three parameters, {@link offerValues}
 */
export function handOver(first: number): HandOverSql {
  const [worker, queues, executions] = [first, first + 1, first + 2].map((n) => `$${n}`);
  const mayGo = (t: string, released: string): string =>
    `(${released} AND ${t}.mode = 'polling' AND ${t}.paused_at IS NULL AND NOT ${t}.careful AND ${t}.parents = 0
    AND ${t}.queue = ANY (${queues}::text[]) AND EXISTS (SELECT FROM me) AND ${t}.queue NOT IN (SELECT name FROM waiting))`;
  return {
    with: `me AS MATERIALIZED (SELECT w.id FROM baton.worker w WHERE w.id = ${worker}::uuid AND w.state = 'alive' FOR SHARE SKIP LOCKED),
waiting AS MATERIALIZED (
  SELECT o.name FROM unnest(${queues}::text[]) AS o(name)
  WHERE EXISTS (SELECT FROM baton.job w WHERE w.queue = o.name AND w.state = 'queued' AND w.mode = 'polling')
)`,
    executionId: (t, released, order) => `CASE WHEN ${mayGo(t, released)} THEN
    (${executions}::uuid[])[row_number() OVER (PARTITION BY ${mayGo(t, released)} ORDER BY ${order})] END`,
    handed: `CASE WHEN c.state = 'running' THEN (SELECT row_to_json(h) FROM (SELECT ${claimedColumns}) h) END`,
  };
}

export function offerValues({ offer }: Transaction): [string | null, readonly string[], readonly string[]] {
  return offer ? [offer.workerId, offer.queues, offer.executionIds] : noOffer;
}
export const noOffer: [null, [], []] = [null, [], []];

/** Keeps what was handed on for the transaction's end; its executions are used up. */
export function keepHanded(tx: Transaction, rows: readonly { handed: ClaimedJob | null }[]): void {
  const handed = rows.flatMap((row) => row.handed ?? []);
  if (handed.length === 0 || !tx.offer) return;
  const used = new Set(handed.map((job) => job.executionId));
  tx.offer = { ...tx.offer, executionIds: tx.offer.executionIds.filter((id) => !used.has(id)) };
  tx.handed.push(...handed);
}
