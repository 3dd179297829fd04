import { types } from 'node:util';
import type { Pool } from 'pg';
import { workOffFollowUps } from '../flows/work-off-follow-ups.js';
import { passLate } from '../limits/pass-late.js';
import type { Offer } from '../sql/offer.js';
import { faultKind, sqlState } from '../transaction/sqlstate.js';
import { inTransaction, retrying, type Transaction } from '../transaction/transaction.js';
import { laneOf, type SettleReport, type Settlement } from './settlement.js';
import { settleOnce } from './settle-once.js';
import { isPlainSuccess, type PlainSettle, settlePlain } from './settle-plain.js';
import { settleTurns } from './settle-turns.js';

export interface SettleOptions {
  /** Numbers in [0, 1): the jitter of retries. */
  random?: () => number;
  /** Free slots of the worker that settles: what the ends release may be handed to it, `handed` in the report. */
  offer?: Offer | undefined;
}

const lockNotAvailable = '55P03';

/** Transactions in which a batch's own dependants are told at once; of more the relay takes care, out of its way. */
const ownSlices = 4;

/**
 * Settles what workers said, in one transaction: applies what is current, and nothing that is stale. When
 * PostgreSQL refuses a member for good, the batch is halved, each half in a transaction of its own, until that
 * member is alone; its job is then dead with `result_not_storable`. The dependants of what has ended are told after the
 * commit, in transactions of their own.
 * @throws BatonError `unavailable` when PostgreSQL is away for longer than the retries last; nothing was applied
 *   of the settlements that the report would have named, and all may be said again
 */
export async function settleBatch(
  pool: Pool,
  settlements: readonly Settlement[],
  options: SettleOptions = {},
): Promise<SettleReport> {
  if (settlements.length === 0)
    return { settled: [], released: [], openGates: [], cascaded: [], followUps: [] };
  const report = await settleWhole(pool, settlements, options);
  return report.followUps.length === 0 ? report : withFollowUps(pool, report, options);
}

/** A fault here is not the batch's, which is settled: what it leaves is the relay's, which tells of faults. */
async function withFollowUps(
  pool: Pool,
  report: SettleReport,
  options: SettleOptions,
): Promise<SettleReport> {
  const followed = await workOffFollowUps(pool, report.followUps, { ...options, slices: ownSlices });
  return {
    ...report,
    released: [...report.released, ...followed.released],
    openGates: [...report.openGates, ...followed.openGates],
    cascaded: followed.cancelled,
    followUps: followed.left,
    earliestRetryMs: followed.dueNow ? 0 : report.earliestRetryMs,
  };
}

async function settleWhole(
  pool: Pool,
  settlements: readonly Settlement[],
  options: SettleOptions,
): Promise<SettleReport> {
  try {
    if (!settlements.every(isPlainSuccess)) return await settleLeft(pool, settlements, options);
    // A batch of plain successes is one round trip: one statement, or all that a lane's turn takes.
    return settlements.some(laneOf)
      ? await settleAsTurns(pool, settlements, options)
      : await settleAsPlain(pool, settlements, options);
  } catch (error) {
    if (faultKind(error) !== 'member') throw error;
    if (settlements.length === 1)
      return settleWhole(pool, [notStorable(settlements[0]!, error as Error)], options);
    const middle = settlements.length >> 1;
    // An execution is offered once: the halves are two transactions.
    const { offer: _, ...own } = options;
    const first = await settleWhole(pool, settlements.slice(0, middle), own);
    const second = await settleWhole(pool, settlements.slice(middle), own);
    return merge(first, second);
  }
}

async function settleAsPlain(
  pool: Pool,
  settlements: readonly Settlement[],
  options: SettleOptions,
): Promise<SettleReport> {
  const { random = Math.random } = options;
  const { report, left } = await retrying(() => settlePlain(pool, settlements), { random });
  return withLeft(pool, settlements, { report, left, options });
}

async function settleAsTurns(
  pool: Pool,
  settlements: readonly Settlement[],
  options: SettleOptions,
): Promise<SettleReport> {
  // An execution is offered once: it may be taken by what was written.
  const { offer, ...own } = options;
  let turns: PlainSettle;
  try {
    turns = await settleTurns(pool, settlements, offer);
  } catch (error) {
    if (faultKind(error) !== 'passing') throw error;
    const busy = types.isNativeError(error) && sqlState(error) === lockNotAvailable;
    return settleLeft(pool, settlements, busy ? options : own);
  }
  const isTaken = (turns.report.handed ?? []).length > 0;
  return withLeft(pool, settlements, { ...turns, options: isTaken ? own : options });
}

async function withLeft(
  pool: Pool,
  settlements: readonly Settlement[],
  { report, left, options }: PlainSettle & { options: SettleOptions },
): Promise<SettleReport> {
  if (left.length === 0) return report;
  return inOrder(settlements, merge(report, await settleLeft(pool, left, options)));
}

async function settleLeft(
  pool: Pool,
  settlements: readonly Settlement[],
  { random = Math.random, offer }: SettleOptions,
): Promise<SettleReport> {
  const work = async (tx: Transaction): Promise<{ tx: Transaction; report: SettleReport }> => {
    tx.offer = offer;
    return { tx, report: await settleOnce(tx, settlements, random) };
  };
  const { tx, report } = await inTransaction(pool, work, { random });
  return { ...report, ...(await passLate(pool, { tx, released: report.released })) };
}

function notStorable(settlement: Settlement, cause: Error): Settlement {
  if (settlement.error?.code === 'result_not_storable') throw cause;
  const error = {
    code: 'result_not_storable' as const,
    message: `PostgreSQL refused what the handler gave back: ${cause.message}`,
    retryable: false,
  };
  return { ...settlement, kind: 'failed', result: undefined, error };
}

function merge(first: SettleReport, second: SettleReport): SettleReport {
  const dues = [first.earliestRetryMs, second.earliestRetryMs].filter((due) => due !== undefined);
  return {
    settled: [...first.settled, ...second.settled],
    released: [...first.released, ...second.released],
    progressed: [...(first.progressed ?? []), ...(second.progressed ?? [])],
    openGates: [...first.openGates, ...second.openGates],
    handed: [...(first.handed ?? []), ...(second.handed ?? [])],
    cascaded: [],
    followUps: [...first.followUps, ...second.followUps],
    earliestRetryMs: dues.length > 0 ? Math.min(...dues) : undefined,
  };
}

/** A report that has one verdict for each settlement, in their order. */
function inOrder(settlements: readonly Settlement[], report: SettleReport): SettleReport {
  const of = new Map(report.settled.map((settled) => [settled.settlement, settled]));
  return { ...report, settled: settlements.map((settlement) => of.get(settlement)!) };
}
