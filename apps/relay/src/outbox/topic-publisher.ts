import { limits } from '@baton/contracts';
import type { BrokerAdmin, BrokerProducer } from '@baton/messaging';
import {
  takeRowsBack,
  type CancelReport,
  type Database,
  type OutboxRow,
  type OutboxTopic,
  type SettleReport,
  type Term,
} from '@baton/persistence';
import { inRootContext, outboxWaitSeconds, recordPublishBatch, sentMessages } from '@baton/tracing';
import type { Logger } from 'pino';
import { publishedRows, refusedRows, sendFailures, turnedBack } from '../metrics/relay-metrics.js';
import { carrierOf, type SendableRow } from './job-record.js';
import { cancelledRows, endCancelled } from './end-cancelled.js';
import type { OutboxEraser } from './outbox-eraser.js';
import type { PublishWindows } from './publish-windows.js';
import { refuseJobs } from './refuse-jobs.js';
import { sendRows, type SendReport } from './send-rows.js';
import { topicName } from './topic-name.js';
import { TopicWindow } from './topic-window.js';

export interface PublishParts {
  database: Database;
  replicaId: string;
  producer: BrokerProducer;
  admin: BrokerAdmin;
  eraser: OutboxEraser;
  windows: PublishWindows;
  /** The epoch under which a row of this shard may be sent now; none where the shard is not ours or being given back. */
  sendableEpoch: (shard: number) => number | undefined;
  /** What a refusal settled: its outcomes are to be told, and what it released is to be woken. */
  onSettled: (report: SettleReport) => Promise<void>;
  /** What was not sent since its cancel was requested. */
  onCancelled: (report: CancelReport) => Promise<void>;
  log: Logger;
}

/**
 * What became of a batch's sending. `published`: all of it, or all that was still ours. `partly`, `full`: the window
 * left no room for the rest, or for any of it. `failed`: the broker was away for some of it.
 */
export type PublishResult = 'published' | 'partly' | 'full' | 'failed';

/** A batch under way. */
export interface Publishing {
  /** Rejects when PostgreSQL is away, or the broker before anything was sent. */
  sent: Promise<PublishResult>;
  /** Resolves when what was sent is deleted; rejects when it could not be, since another leads its shards by now. */
  erased: Promise<void>;
}

/** What was done with a batch. */
interface Sent {
  /** Its rows, in order, as far as there was room. */
  batch: readonly OutboxRow[];
  report: SendReport;
  /** Rows that were not sent and need not be: their job's cancel was requested. */
  cancelled: readonly OutboxRow[];
  result: PublishResult;
}

/** Sends batches of one topic: send, then delete under the epoch with which they were sent. */
export class TopicPublisher {
  readonly topic: string;
  private readonly window: TopicWindow;

  constructor(
    private readonly place: OutboxTopic,
    private readonly parts: PublishParts,
  ) {
    this.topic = topicName(place);
    this.window = new TopicWindow(parts.admin, place.queue, this.topic);
  }

  /** @param onDeleted told of rows that are deleted, when none of their shards before them is left */
  publish(rows: readonly OutboxRow[], onDeleted: (rows: readonly OutboxRow[]) => void): Publishing {
    const sending = this.sendBatch(rows);
    const erased = sending.then((sent) => this.eraseBatch(sent, onDeleted));
    erased.catch(() => undefined); // awaited later, when the next batch is sent
    return { sent: sending.then(({ result }) => result), erased };
  }

  /**
   * Between sends, while the broker is away: turns the rows back to polling workers, if that is what their queue's mode says
   * by now. The fate of the last send may be unknown: then such a job may be entered twice, and counts once.
   */
  async takeBack(shards: readonly number[]): Promise<void> {
    const terms = shards.flatMap((shard) => {
      const epoch = this.parts.sendableEpoch(shard);
      return epoch === undefined ? [] : [{ shard, epoch }];
    });
    let taken: number;
    do {
      const released = await takeRowsBack(this.parts.database.pool, this.place, {
        terms,
        limit: limits.batch,
      });
      taken = released.length;
      if (taken === 0) return;
      turnedBack.inc({ queue: this.place.queue }, taken);
      this.parts.log.warn({ topic: this.topic, rows: taken }, 'rows were turned back to polling workers');
      await this.parts.onSettled({ settled: [], released, openGates: [], cascaded: [], followUps: [] });
    } while (taken === limits.batch);
  }

  private async sendBatch(rows: readonly OutboxRow[]): Promise<Sent> {
    const ours = rows.filter((row) => this.parts.sendableEpoch(row.shard) !== undefined);
    const room = await this.window.room(await this.parts.windows.of(this.place.queue));
    const batch = ours.slice(0, firstBeyond(ours, room));
    const report = await this.send(batch.flatMap((row) => this.sendable(row)));
    if (report.refused.length > 0) await this.refuse(report);
    const cancelled = await this.cancel(cancelledRows(batch));
    // Rows that stand in a busy lane are looked at again, as after a send that failed.
    const left = cancelled.length < cancelledRows(batch).length;
    if (report.unavailable) {
      sendFailures.inc({ queue: this.place.queue });
      this.parts.log.warn({ err: report.unavailable, topic: this.topic }, 'a send failed');
      return { batch, report, cancelled, result: 'failed' };
    }
    if (left) return { batch, report, cancelled, result: 'failed' };
    if (batch.length === ours.length) return { batch, report, cancelled, result: 'published' };
    return { batch, report, cancelled, result: batch.length === 0 ? 'full' : 'partly' };
  }

  private async eraseBatch(
    { batch, report, cancelled, result }: Sent,
    onDeleted: (rows: readonly OutboxRow[]) => void,
  ): Promise<void> {
    const deleted = await this.erase(batch, report, cancelled);
    if (result === 'failed') return;
    // Rows that stay belong to a new leader: what else we send for it is in vain.
    if (deleted < batch.length)
      throw new Error(`${batch.length - deleted} rows of ${this.topic} belong to another leader by now`);
    onDeleted(batch);
  }

  private sendable(row: OutboxRow): SendableRow[] {
    const epoch = this.parts.sendableEpoch(row.shard);
    if (row.job === null || row.job.cancelRequested || epoch === undefined) return [];
    return [{ row, job: row.job, term: { shard: row.shard, epoch } }];
  }

  private async send(rows: readonly SendableRow[]): Promise<SendReport> {
    if (rows.length === 0) return { placed: [], refused: [] };
    const startTime = Date.now();
    const report = await sendRows(this.parts.producer, this.topic, rows);
    const endTime = Date.now();
    this.window.published(report.placed.length);
    sentMessages.inc({ messaging_destination_name: this.topic }, report.placed.length);
    for (const { sent } of report.placed)
      outboxWaitSeconds.observe({ queue: sent.row.queue }, sent.row.waitedMs / 1_000);
    inRootContext(() =>
      recordPublishBatch({ topic: this.topic, startTime, endTime, jobs: report.placed.map(jobOfSpan) }),
    );
    return report;
  }

  private async refuse({ refused }: SendReport): Promise<void> {
    for (const { sent, error } of refused) {
      this.parts.log.error(
        { err: error, jobId: sent.row.jobId, topic: this.topic },
        'the broker refused a job for good',
      );
      refusedRows.inc({ queue: sent.row.queue });
    }
    await this.parts.onSettled(await refuseJobs(this.parts.database, this.parts.replicaId, refused));
  }

  /** @returns those that are done with; what stands in a busy lane is looked at again */
  private async cancel(rows: readonly OutboxRow[]): Promise<readonly OutboxRow[]> {
    if (rows.length === 0) return [];
    const { report, done } = await endCancelled(this.parts.database, rows);
    await this.parts.onCancelled(report);
    return done;
  }

  /** @returns how many rows were deleted */
  private async erase(
    batch: readonly OutboxRow[],
    report: SendReport,
    cancelled: readonly OutboxRow[],
  ): Promise<number> {
    const done = [
      ...report.placed.map(({ sent, place }) => ({
        shard: sent.row.shard,
        id: sent.row.id,
        partition: place.partition,
        offset: Number(place.offset),
      })),
      ...report.refused.map(({ sent }) => ({ shard: sent.row.shard, id: sent.row.id })),
      ...[...batch.filter((row) => row.job === null), ...cancelled].map(({ shard, id }) => ({ shard, id })),
    ];
    if (done.length === 0) return 0;
    const sentUnder = new Map<number, Term>();
    for (const { sent } of [...report.placed, ...report.refused]) sentUnder.set(sent.term.shard, sent.term);
    for (const { shard } of done) {
      const epoch = this.parts.sendableEpoch(shard);
      if (!sentUnder.has(shard) && epoch !== undefined) sentUnder.set(shard, { shard, epoch });
    }
    const deleted = await this.parts.eraser.erase({ topic: this.topic, ...this.place, rows: done }, [
      ...sentUnder.values(),
    ]);
    const published = report.placed.filter(({ sent }) => deleted.has(sent.row.id)).length;
    publishedRows.inc({ queue: this.place.queue }, published);
    return done.filter(({ id }) => deleted.has(id)).length;
  }
}

/** Rows up to, and without, the first that needs a record for which there is no room. */
function firstBeyond(rows: readonly OutboxRow[], room: number): number {
  let left = room;
  const index = rows.findIndex((row) => row.job !== null && !row.job.cancelRequested && left-- <= 0);
  return index < 0 ? rows.length : index;
}

function jobOfSpan({ sent: { row, job }, place }: SendReport['placed'][number]) {
  return {
    jobId: row.jobId,
    tenant: job.tenantId,
    queue: row.queue,
    attempt: row.attempt,
    carrier: carrierOf(job),
    outboxId: row.id,
    partition: place.partition,
    offset: Number(place.offset),
  };
}
