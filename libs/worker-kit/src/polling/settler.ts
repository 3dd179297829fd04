import { limits } from '@baton/contracts';
import { faultKind, settleBatch, type Database, type SettleReport } from '@baton/persistence';
import type { Log } from '../log.js';
import { Outage } from '../outage.js';
import { recordSettled } from './record-settled.js';
import { type HandOvers, mayLetGo } from './hand-overs.js';
import type { Unsettled } from './unsettled.js';

const retryMs = 250;
/** A lane locked elsewhere is free again after one short transaction. */
const busyMs = 5;

export interface SettlerOptions {
  database: Database;
  log: Log;
  random?: () => number;
  /** Offers the slots in which what the ends let go may run at once. */
  handOvers: HandOvers;
  /** After each commit. @param workerId to whom `report.handed` was handed */
  onSettled: (report: SettleReport, workerId: string | undefined) => void;
  /** No answer came, so jobs may have been handed on that we do not know of. */
  onUncertain: () => void;
}

/** Words that wait for their turn: one batch of a line is in flight at a time. */
interface Line {
  pending: Unsettled[];
  working: boolean;
}

const newLine = (): Line => ({ pending: [], working: false });

/**
 * Settles outcomes in batches: what comes while a batch is in flight goes with the next. Jobs whose ends may let others go
 * are settled in two lines of their own: while one's transaction has the gates, the other's ends its jobs, and none waits
 * for a large batch of jobs for which nobody waits. While PostgreSQL is away nothing is dropped.
 * idle → settling → (a fault, a busy lane) → waiting → settling → idle.
 */
export class Settler {
  private readonly lines = [newLine(), newLine(), newLine()] as const;
  private readonly executions = new Set<string>();
  private readonly idleWaiters: (() => void)[] = [];
  private readonly outage: Outage;
  /** Halved while a batch is refused for a fault of one of its members that settle could not isolate. */
  private batchSize: number = limits.batch;

  constructor(private readonly options: SettlerOptions) {
    this.outage = new Outage(options.log, 'settling');
  }

  /** How many outcomes PostgreSQL has not taken yet. */
  get size(): number {
    return this.executions.size;
  }

  /** Their executions, which this worker still owns. */
  executionIds(): Iterable<string> {
    return this.executions;
  }

  add(unsettled: Unsettled): void {
    const line = this.lineOf(unsettled);
    line.pending.push(unsettled);
    this.options.handOvers.ended(unsettled.settlement);
    // Progress is no end: its execution is still among those that run, or has an outcome here behind it.
    if (unsettled.settlement.kind !== 'progress') this.executions.add(unsettled.settlement.executionId);
    if (line.working) return;
    line.working = true;
    // Jobs that end in the same turn of the event loop share the first batch.
    setImmediate(() => void this.settleAll(line));
  }

  /** Resolves when PostgreSQL has taken everything. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      if (this.size === 0) resolve();
      else this.idleWaiters.push(resolve);
    });
  }

  private async settleAll(line: Line): Promise<void> {
    while (line.pending.length > 0) {
      const pauseMs = await this.settle(line, line.pending.splice(0, this.batchSize));
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    line.working = false;
    if (this.lines.every(({ working }) => !working)) for (const wake of this.idleWaiters.splice(0)) wake();
  }

  /** Always the same one for an execution: its words keep their order. */
  private lineOf({ settlement }: Unsettled): Line {
    const [plain, even, odd] = this.lines;
    if (!mayLetGo(settlement)) return plain;
    return settlement.executionId.charCodeAt(35) % 2 === 0 ? even : odd;
  }

  /** @returns how long to wait before the next batch */
  private async settle(line: Line, batch: readonly Unsettled[]): Promise<number> {
    const { database, random = Math.random, handOvers, onSettled, onUncertain } = this.options;
    const startTime = Date.now();
    const settlements = batch.map(({ settlement }) => settlement);
    const offer = handOvers.offer(settlements);
    let report: SettleReport;
    try {
      report = await settleBatch(database.pool, settlements, { random, offer });
    } catch (error) {
      if (offer) onUncertain();
      return this.refused(line, batch, error);
    }
    this.outage.worked();
    this.batchSize = limits.batch;
    const busy = batch.filter((_, i) => report.settled[i]?.verdict === 'busy');
    line.pending.push(...busy);
    for (const [i, { settlement, verdict }] of report.settled.entries()) {
      if (verdict === 'busy') continue;
      if (settlement.kind !== 'progress') this.executions.delete(settlement.executionId);
      batch[i]?.onVerdict?.(verdict);
    }
    recordSettled(batch, report.settled, startTime);
    handOvers.answered(report);
    onSettled(report, offer?.workerId);
    return busy.length === batch.length ? busyMs : 0;
  }

  private refused(line: Line, batch: readonly Unsettled[], error: unknown): number {
    const [first] = batch;
    if (faultKind(error) !== 'passing' && batch.length === 1 && first) {
      const { jobId, executionId, kind } = first.settlement;
      this.options.log.error(
        { err: error, job: jobId, outcome: kind },
        'an outcome cannot be settled; its job will run again',
      );
      if (kind !== 'progress') this.executions.delete(executionId);
      this.options.handOvers.forget(first.settlement);
      first.onVerdict?.(undefined);
      return 0;
    }
    line.pending = [...batch, ...line.pending];
    this.outage.failed(error);
    if (faultKind(error) === 'passing') return retryMs;
    this.batchSize = batch.length >> 1;
    return 0;
  }
}
