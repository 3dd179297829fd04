import { limits } from '@baton/contracts';
import type { Pool } from 'pg';
import { cancelJobs } from '../cancel/cancel-jobs.js';
import type { CancelReport } from '../cancel/cancel-report.js';
import {
  findSlice,
  keepSlice,
  lockNextOperation,
  type OperationAtWork,
} from '../sql/operation-slices.sql.js';
import { failOperation } from '../sql/operations.sql.js';
import { purgeDead } from '../sql/purge-dead.sql.js';
import { faultKind } from '../transaction/sqlstate.js';
import { inTransaction, type Transaction } from '../transaction/transaction.js';
import { replayDead } from './replay-dead.js';

/** What a slice of an operation did. */
export interface OperationSlice {
  operationId: string;
  /** Of a cancel: whom to tell. */
  cancels?: CancelReport | undefined;
  /** Jobs were replayed: wake the timers. */
  replayed: boolean;
  finished: boolean;
}

/** Before jobs are tried again whose lanes were busy, or whose events were still to be published. */
const busyMs = 50;
/** A slice of an operation with a rate is half a second's worth. */
const slicesPerSecond = 2;

/**
 * Works off one slice of the operation whose turn it is: at most 500 jobs, in one transaction with the operation's
 * progress, so that a crash between two slices loses nothing and does nothing twice.
 * @returns undefined when none is due. An operation that PostgreSQL refuses for good is ended as `failed`
 */
export async function workOperation(pool: Pool): Promise<OperationSlice | undefined> {
  let current: OperationAtWork | undefined;
  try {
    return await inTransaction(pool, async (tx) => {
      current = await lockNextOperation(tx);
      return current && workSlice(tx, current);
    });
  } catch (error) {
    if (!current || faultKind(error) !== 'member') throw error;
    await failOperation(pool, current.id, (error as Error).message);
    return { operationId: current.id, replayed: false, finished: true };
  }
}

async function workSlice(tx: Transaction, operation: OperationAtWork): Promise<OperationSlice> {
  const { id, again, ratePerSecond } = operation;
  const size = sliceSize(ratePerSecond);
  const slice =
    again.length >= size
      ? { ids: [], position: operation.position, last: false }
      : await findSlice(tx, operation, size - again.length);
  const jobIds = [...again, ...slice.ids];
  const { done, failed, busy, cancels } = await apply(tx, operation, jobIds);
  const finished = slice.last && busy.length === 0;
  const handled = done + failed;
  const paceMs = ratePerSecond === null ? 0 : (handled * 1_000) / ratePerSecond;
  const restMs = Math.max(paceMs, busy.length > 0 ? busyMs : 0);
  await keepSlice(tx, id, { done, failed, position: slice.position, again: busy, restMs, finished });
  return { operationId: id, cancels, replayed: operation.kind === 'replay' && done > 0, finished };
}

function sliceSize(ratePerSecond: number | null): number {
  if (ratePerSecond === null) return limits.batch;
  return Math.min(limits.batch, Math.max(1, Math.ceil(ratePerSecond / slicesPerSecond)));
}

interface Applied {
  done: number;
  failed: number;
  busy: string[];
  cancels?: CancelReport;
}

async function apply(
  tx: Transaction,
  { kind, tenantId, filter, reason }: OperationAtWork,
  jobIds: readonly string[],
): Promise<Applied> {
  if (jobIds.length === 0) return { done: 0, failed: 0, busy: [] };
  switch (kind) {
    case 'cancel': {
      const cancels = await cancelJobs(tx, jobIds, { tenantId, reason: reason ?? undefined });
      const done = cancels.cancelled.length + cancels.requested.length;
      // What a filter found and has ended by itself meanwhile is no failure.
      const failed = filter.ids ? cancels.missing.length : 0;
      return { done, failed, busy: cancels.busy, cancels };
    }
    case 'replay': {
      const { replayed, unpublished } = await replayDead(tx, { tenantId, jobIds, queue: filter.queue });
      const { length } = replayed;
      return { done: length, failed: jobIds.length - length - unpublished.size, busy: [...unpublished] };
    }
    case 'purge': {
      const { length } = await purgeDead(tx, { tenantId, jobIds, queue: filter.queue });
      return { done: length, failed: jobIds.length - length, busy: [] };
    }
  }
}
