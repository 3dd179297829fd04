import { limits, timing } from '@baton/contracts';
import type { BrokerAdmin, BrokerProducer } from '@baton/messaging';
import {
  anyCancelNotice,
  type Database,
  endRequested,
  findCancelsToTell,
  findEndedCancels,
  findNextCancel,
  findOverdueCancels,
  forgetCancels,
  inTransaction,
  noteCancelsTold,
} from '@baton/persistence';
import type { Logger } from 'pino';
import type { Announcer } from '../announce/announcer.js';
import { passedCancels } from '../control/passed-cancels.js';
import { forgetCancelled, tellCancelled } from '../control/tell-cancelled.js';
import type { Timer } from './timer.js';

/** While a cancel is wanted: whose worker is gone ends soon, and what may have been lost is said again. */
const lookEveryMs = 5_000;
const sayAgainMs = 10_000;
/** Until the workers have read past the records of what is cancelled. */
const passedEveryMs = 10_000;
/** Before lanes that others had locked are tried again. */
const busyMs = 50;

export interface CancelTimerOptions {
  database: Database;
  announcer: Announcer;
  /** Absent without a broker. */
  control?: { producer: BrokerProducer; admin: BrokerAdmin; topic: string } | undefined;
  log: Logger;
}

/**
 * Sees requested cancels through: tells the event workers of them, again and again while they are wanted; ends those whose
 * handlers have not let go within their grace; and takes their entries from the control topic when they can concern
 * nobody any more. All of it is read from PostgreSQL, so a lost hint or record delays it and no more.
 */
export class CancelTimer implements Timer {
  readonly name = 'cancel';
  /** Where the look for entries to forget goes on. */
  private forgottenTo: string | undefined;

  constructor(private readonly options: CancelTimerOptions) {}

  async look() {
    const { pool } = this.options.database;
    const ended = await this.endOverdue();
    const told = await this.tell();
    const forgotten = await this.forget();
    const found = ended.count + told + forgotten > 0;
    if (ended.busy) return { found, nextMs: busyMs };
    if (ended.count === limits.batch || told === limits.batch || this.forgottenTo !== undefined)
      return { found, nextMs: 0 };
    const nextMs = await findNextCancel(pool);
    if (nextMs !== undefined) return { found, nextMs: Math.min(lookEveryMs, Math.max(0, nextMs)) };
    return { found, nextMs: (await this.owesTombstones()) ? passedEveryMs : timing.sweepMs };
  }

  private async endOverdue(): Promise<{ count: number; busy: boolean }> {
    const { database, announcer } = this.options;
    const overdue = await findOverdueCancels(database.pool, limits.batch);
    if (overdue.length === 0) return { count: 0, busy: false };
    const report = await inTransaction(database.pool, (tx) => endRequested(tx, overdue));
    await announcer.cancelled(report);
    return { count: report.cancelled.length, busy: report.busy.length > 0 };
  }

  private async tell(): Promise<number> {
    const { control, database } = this.options;
    if (!control) return 0;
    const cancels = await findCancelsToTell(database.pool, { limit: limits.batch, againMs: sayAgainMs });
    await tellCancelled(control.producer, control.topic, cancels);
    await noteCancelsTold(
      database.pool,
      cancels.map(({ jobId }) => jobId),
    );
    return cancels.length;
  }

  private async forget(): Promise<number> {
    const { control, database, log } = this.options;
    if (!control) return 0;
    const ended = await findEndedCancels(database.pool, { after: this.forgottenTo, limit: limits.batch });
    this.forgottenTo = ended.length === limits.batch ? ended.at(-1)?.jobId : undefined;
    const jobIds = await passedCancels(database.pool, { admin: control.admin, log }, ended);
    await forgetCancelled(control.producer, control.topic, jobIds);
    await forgetCancels(database.pool, jobIds);
    return jobIds.length;
  }

  private async owesTombstones(): Promise<boolean> {
    return this.options.control !== undefined && anyCancelNotice(this.options.database.pool);
  }
}
