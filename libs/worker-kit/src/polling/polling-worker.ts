import { hostname } from 'node:os';
import { channels, timing } from '@baton/contracts';
import {
  readUploadBody,
  retrying,
  type ClaimedJob,
  type Database,
  type Notifier,
  type Released,
  type SettleReport,
  type Verdict,
} from '@baton/persistence';
import { JobCancelledError, OwnershipLostError } from '../execution/abort-causes.js';
import { CarefulRuns } from '../execution/careful-runs.js';
import type { Delivery } from '../execution/delivery.js';
import { doneWithin } from '../done-within.js';
import type { Execution } from '../execution/execution.js';
import { Executor } from '../execution/executor.js';
import { ResultKeeper } from '../execution/result-keeper.js';
import { StoredUploads } from '../uploads/stored-uploads.js';
import type { Outcome } from '../execution/outcome.js';
import type { ProgressNote } from '../execution/progress-note.js';
import type { JobServerOptions } from '../handler/job-server.js';
import type { ServedHandlers } from '../handler/served-handlers.js';
import type { Log } from '../log.js';
import { announceQueues } from './announce-queues.js';
import { announceAlone } from './announce-alone.js';
import { CancelWatch } from './cancel-watch.js';
import { Claimer } from './claimer.js';
import { HandOvers } from './hand-overs.js';
import { Incarnation } from './incarnation.js';
import { LeaseKeeper } from './lease-keeper.js';
import type { OutcomeFeed } from './outcome-feed.js';
import { Settler } from './settler.js';
import { toDelivery } from './to-delivery.js';
import { toProgress, toSettlement } from './to-settlement.js';

export interface PollingOptions extends JobServerOptions {
  database: Database;
  notifier: Notifier;
  feed: OutcomeFeed;
  log: Log;
  /** How many handlers run at once. */
  concurrency: number;
  /** How long running handlers may go on when the worker drains; then they are aborted. */
  graceMs: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  /** How long a handler has to let go after an abort. */
  letGoMs?: number;
}

/** At the end, how long outcomes may wait for a PostgreSQL that is away; then their jobs are rescued. */
const settleAtEndMs = 5_000;

/**
 * A worker whose source is PostgreSQL: claims, runs, settles.
 *
 * starting → running ⇄ (lost: PostgreSQL gave this incarnation up; what runs is aborted and a new one begins)
 * → draining → ended. Always: what it runs, or has not settled, is named by the renewals of its lease.
 */
export class PollingWorker {
  private readonly executor: Executor;
  private readonly careful: CarefulRuns<{ delivery: Delivery }>;
  private readonly claimer: Claimer;
  private readonly settler: Settler;
  private readonly handOvers: HandOvers;
  private readonly lease: LeaseKeeper;
  private readonly cancels: CancelWatch;
  private incarnation: Incarnation | undefined;
  private renewing: Promise<void> | undefined;
  private sweep: NodeJS.Timeout | undefined;
  private draining: Promise<void> | undefined;

  constructor(
    private readonly options: PollingOptions,
    private readonly handlers: ServedHandlers,
  ) {
    const { database, log, concurrency: slots, letGoMs } = options;
    const workerId = () => this.incarnation?.id;
    const onLost = (id: string) => this.beginAnew(id);
    this.executor = new Executor({
      slots,
      handlers,
      log,
      results: new ResultKeeper({ objects: options.objects }),
      uploads: new StoredUploads(options.objects, (tenantId, id) =>
        retrying(() => readUploadBody(database.pool, tenantId, id)),
      ),
      ...(letGoMs !== undefined && { letGoMs }),
      onProgress: (execution, note, onKept) => this.progressed(execution, note, onKept),
      onEnded: (execution, outcome, note) => this.ended(execution, outcome, note),
    });
    this.careful = new CarefulRuns({
      running: () => this.executor.running.size,
      announce: ({ delivery }) =>
        announceAlone(
          { database, log, stillOurs: () => !this.draining && this.incarnation?.id === delivery.workerId },
          delivery,
        ),
      enter: ({ delivery }) => {
        this.executor.start(delivery);
        this.cancels.begun([delivery.jobId]);
      },
      onFree: () => this.claimer.resume(),
    });
    this.handOvers = new HandOvers({
      workerId: () => (this.draining ? undefined : workerId()),
      free: () => (this.careful.busy || this.overfull ? 0 : this.executor.free),
      unbounded: (queue) => handlers.has(queue) && handlers.get(queue)?.concurrency === undefined,
    });
    this.settler = new Settler({
      database,
      log,
      handOvers: this.handOvers,
      onSettled: (report, id) => this.settled(report, id),
      onUncertain: () => this.lease.doubt(),
    });
    this.cancels = new CancelWatch({
      database,
      log,
      running: () => this.executor.running.values(),
      onCancelled: ({ executionId, reason }) => this.cancelled(executionId, reason),
    });
    this.lease = new LeaseKeeper({
      database,
      log,
      workerId,
      onLost,
      executionIds: () => [
        ...this.executor.running.keys(),
        ...this.careful.executionIds(),
        ...this.settler.executionIds(),
      ],
      onReleased: (released) => this.wakeFor(released),
      onRenewed: () => this.cancels.all(),
    });
    this.claimer = new Claimer({
      database,
      handlers,
      log,
      workerId,
      onLost,
      // Beside a job that runs alone nothing is begun.
      room: (queue) =>
        this.careful.busy || this.overfull
          ? 0
          : Math.min(this.executor.freeFor(queue), this.executor.free - this.handOvers.reserved),
      onClaimed: (rows, id, parents) => this.claimed(rows, id, parents),
      onUncertain: () => this.lease.doubt(),
    });
  }

  /** Outcomes that pile up unsettled take the place of jobs. */
  private get overfull(): boolean {
    return this.settler.size > 2 * this.options.concurrency + 500;
  }

  get healthy(): boolean {
    return this.incarnation?.healthy ?? false;
  }

  /** Resolves when it may claim. */
  async start(): Promise<void> {
    await announceQueues(this.options.database, this.options.notifier, [...this.handlers.keys()]);
    await this.begin();
    this.sweep = setInterval(() => {
      void this.incarnation?.probe();
      this.claimer.wake('sweep');
    }, timing.sweepMs);
  }

  /** Takes nothing new, gives what runs its grace, aborts it and hands it back, settles all, leaves. */
  drain(): Promise<void> {
    return (this.draining ??= this.bringToEnd());
  }

  private async bringToEnd(): Promise<void> {
    const { log, graceMs } = this.options;
    clearInterval(this.sweep);
    await this.claimer.stop();
    for (const { job } of this.careful.close()) this.say(job.delivery, Date.now(), { kind: 'released' });
    await this.executor.drain(graceMs);
    const taken = await doneWithin(settleAtEndMs, this.settler.settled());
    if (!taken)
      log.error(
        { outcomes: this.settler.size },
        'PostgreSQL did not take the last outcomes; their jobs will run again',
      );
    this.lease.stop();
    await this.incarnation?.end(taken);
    await this.renewing;
  }

  private async begin(): Promise<void> {
    const { database, applicationName, log } = this.options;
    const incarnation: Incarnation = new Incarnation({
      database,
      applicationName,
      log,
      host: hostname(),
      pid: process.pid,
      queues: [...this.handlers.keys()],
      onWake: (queues) => this.claimer.wake('notify', queues),
      onListening: () => {
        this.claimer.wake('sweep');
        this.cancels.all();
      },
      onCancels: (jobIds) => this.cancels.hear(jobIds),
      onLost: () => this.beginAnew(incarnation.id),
    });
    this.incarnation = incarnation;
    await incarnation.begin();
    log.info({ worker: incarnation.id }, 'the worker claims jobs from PostgreSQL');
  }

  /** All that the lost incarnation ran belongs to others by now. */
  private beginAnew(lostId: string): void {
    const lost = this.incarnation;
    if (!lost || lost.id !== lostId) return;
    this.incarnation = undefined;
    this.options.log.warn(
      { worker: lostId, running: this.executor.running.size },
      'the worker was given up for lost and begins anew',
    );
    this.executor.abortAll(
      new OwnershipLostError(`worker ${lostId} was given up for lost; its jobs run elsewhere`),
    );
    this.careful.drop(({ delivery }) => delivery.workerId === lostId);
    this.renewing = lost.comeBack().then(() => (this.draining ? undefined : this.begin()));
  }

  private claimed(rows: readonly ClaimedJob[], workerId: string, parents: ReadonlyMap<string, string>): void {
    if (rows.length > 0) this.lease.hold();
    const deliveries = rows.map((row) => toDelivery(row, workerId, parents.get(row.jobId)));
    this.enter(deliveries, workerId);
  }

  private enter(deliveries: readonly Delivery[], workerId: string): void {
    if (this.draining) {
      for (const delivery of deliveries) this.say(delivery, Date.now(), { kind: 'released' });
      return;
    }
    if (this.incarnation?.id !== workerId) return;
    for (const delivery of deliveries) if (!delivery.careful) this.executor.start(delivery);
    for (const delivery of deliveries) if (delivery.careful) this.careful.add({ delivery }, { alone: true });
    this.cancels.begun(deliveries.map(({ jobId }) => jobId));
  }

  /** What came with a settle's answer; had a job begun to run alone meanwhile, it goes back. */
  private handed(rows: readonly ClaimedJob[], workerId: string): void {
    this.lease.hold();
    const deliveries = rows.map((row) => toDelivery(row, workerId));
    if (!this.careful.busy) return this.enter(deliveries, workerId);
    for (const delivery of deliveries) this.say(delivery, Date.now(), { kind: 'released' });
  }

  private cancelled(executionId: string, reason: string | null): void {
    const execution = this.executor.running.get(executionId);
    if (execution) this.executor.abort(execution, new JobCancelledError(reason));
  }

  private progressed(execution: Execution, note: ProgressNote, onKept: (error?: Error) => void): void {
    const { delivery, startedAtMs } = execution;
    const onVerdict = (verdict: Verdict | undefined): void => {
      if (verdict !== 'refused') return onKept();
      const lost = new OwnershipLostError(`job ${delivery.jobId} was given to another worker`);
      this.executor.abort(execution, lost);
      onKept(lost);
    };
    const settlement = toProgress(delivery, startedAtMs, note);
    this.settler.add({ settlement, carrier: delivery.carrier, onVerdict });
  }

  private ended(execution: Execution, outcome: Outcome | undefined, note: ProgressNote | undefined): void {
    if (outcome) this.say(execution.delivery, execution.startedAtMs, outcome, note);
    this.careful.ended(execution.id);
    this.claimer.resume();
  }

  private say(delivery: Delivery, startedAtMs: number, outcome: Outcome, note?: ProgressNote): void {
    const settlement = toSettlement(delivery, startedAtMs, outcome, note);
    this.settler.add({ settlement, carrier: delivery.carrier });
  }

  private settled(report: SettleReport, workerId: string | undefined): void {
    const {
      settled,
      released,
      handed = [],
      progressed = [],
      openGates,
      earliestRetryMs,
      cascaded,
      followUps,
    } = report;
    if (workerId !== undefined && handed.length > 0) this.handed(handed, workerId);
    const { feed, notifier, log } = this.options;
    const terminal = [...settled.flatMap((each) => each.terminal ?? []), ...cascaded];
    if (terminal.length > 0) {
      feed
        .publish(terminal)
        .catch((error: unknown) => log.warn({ err: error }, 'settled outcomes could not be announced'));
    }
    if (progressed.length > 0) {
      feed
        .wake(progressed)
        .catch((error: unknown) => log.warn({ err: error }, 'progress could not be announced'));
    }
    if (earliestRetryMs !== undefined) notifier.wake(channels.timers, String(earliestRetryMs));
    for (const jobId of followUps) notifier.wake(channels.followUps, jobId);
    for (const atMs of openGates) notifier.wake(channels.gates, atMs);
    this.wakeFor(released);
    this.claimer.resume();
  }

  private wakeFor(released: readonly Released[]): void {
    for (const { queue, mode } of released) {
      if (mode === 'event') this.options.notifier.wake(channels.outbox, queue);
      else if (this.mayTake(queue)) this.claimer.released(queue);
      else this.options.notifier.wake(channels.jobs, queue);
    }
  }

  /** Whether a job just released would be claimed by this worker at once: then nobody else need be woken. */
  private mayTake(queue: string): boolean {
    return (
      !this.draining &&
      !this.careful.busy &&
      this.incarnation !== undefined &&
      this.handlers.has(queue) &&
      this.executor.freeFor(queue) > 0
    );
  }
}
