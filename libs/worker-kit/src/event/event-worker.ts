import { hostname } from 'node:os';
import {
  jobTopicSettings,
  jobTopics,
  systemTopics,
  timing,
  type CancelledJob,
  type QueueControl,
  type RefusedExecution,
} from '@baton/contracts';
import type { Broker, BrokerProducer, IncomingRecord, TakenOffset, TopicPartition } from '@baton/messaging';
import { uuidv7 } from 'uuidv7';
import { doneWithin } from '../done-within.js';
import { JobCancelledError, OwnershipLostError } from '../execution/abort-causes.js';
import type { Delivery } from '../execution/delivery.js';
import type { Execution } from '../execution/execution.js';
import { Executor } from '../execution/executor.js';
import { ResultKeeper } from '../execution/result-keeper.js';
import { StoredUploads } from '../uploads/stored-uploads.js';
import type { Outcome } from '../execution/outcome.js';
import type { ProgressNote } from '../execution/progress-note.js';
import type { JobServerOptions } from '../handler/job-server.js';
import type { ServedHandlers } from '../handler/served-handlers.js';
import type { Log } from '../log.js';
import { Outage } from '../outage.js';
import { CarefulEntries } from './careful-entries.js';
import { ControlReader } from './control-reader.js';
import { DeadLetters } from './dead-letters.js';
import { decodeRecord, spokenOf } from './decode-record.js';
import { Heartbeats } from './heartbeats.js';
import { JobEntries } from './job-entries.js';
import type { JobEntry } from './job-entry.js';
import { QueueReader } from './queue-reader.js';
import { Reporter } from './reporter.js';
import { WaitingJobs } from './waiting-jobs.js';
import { ended, left, progressed, registered, started } from './words.js';

export interface EventOptions extends JobServerOptions {
  broker: Broker;
  log: Log;
  /** How many handlers run at once, whatever their queue and partition. */
  concurrency: number;
  /** How long running handlers may go on when the worker drains; then they are aborted. */
  graceMs: number;
  /** How long a handler has to let go after an abort. */
  letGoMs?: number;
}

const openRetryMs = 1_000;
/** At the end, how long the last words may wait for a broker that is away. */
const wordsAtEndMs = 5_000;

/**
 * A worker whose source is Kafka: reads, runs, reports. It never sees PostgreSQL.
 *
 * opening (topics, registration, groups joined, control read to its end) → open: jobs begin → draining → ended.
 * Always: a record's offset is done only when its job's `started` or outcome is acknowledged by the broker; of one
 * release of a job at most one execution is in this process.
 */
export class EventWorker {
  readonly id = uuidv7();
  private readonly executor: Executor;
  private readonly careful: CarefulEntries;
  private readonly reporter: Reporter;
  private readonly heartbeats: Heartbeats;
  private readonly producer: BrokerProducer;
  private readonly deadLetters: DeadLetters;
  private readonly control: ControlReader;
  private readonly readers = new Map<string, QueueReader>();
  private readonly entries = new JobEntries((queue, taken) => this.readers.get(queue)?.done(taken));
  private readonly waiting: WaitingJobs;
  /** What of them waits here stays, and nothing more is fetched. */
  private readonly pausedQueues = new Set<string>();
  private readonly outage: Outage;
  private opening: Promise<void> | undefined;
  private open = false;
  private filling = false;
  private draining: Promise<void> | undefined;

  constructor(
    private readonly options: EventOptions,
    private readonly handlers: ServedHandlers,
  ) {
    const { broker, log, concurrency: slots, letGoMs } = options;
    this.outage = new Outage(log, 'opening the topics');
    this.waiting = new WaitingJobs([...handlers.keys()]);
    this.producer = broker.producer({ name: 'worker' });
    this.reporter = new Reporter(this.id, this.producer, { log, onRoom: () => this.fill() });
    this.heartbeats = new Heartbeats(this.reporter, () => this.announceAgain());
    this.deadLetters = new DeadLetters(this.producer, log);
    this.control = new ControlReader(broker, {
      workerId: this.id,
      log,
      onRefused: (refused) => this.refused(refused),
      onGranted: ({ executionId }) => this.careful.granted(executionId),
      onCancelled: (job) => this.cancelled(job),
      onQueue: (control) => this.controlled(control),
    });
    this.executor = new Executor({
      slots,
      handlers,
      log,
      results: ResultKeeper.overKafka(options.objects),
      uploads: new StoredUploads(options.objects),
      ...(letGoMs !== undefined && { letGoMs }),
      announce: { afterMs: timing.announceMs, onRunning: (execution) => this.hasRun(execution) },
      onProgress: (execution, note, onKept) => this.progressed(execution, note, onKept),
      onEnded: (execution, outcome, note) => this.ended(execution, outcome, note),
    });
    this.careful = new CarefulEntries({
      entries: this.entries,
      reporter: this.reporter,
      heartbeats: this.heartbeats,
      running: () => this.executor.running.size,
      enter: (entry) => this.enter(entry.delivery),
      onFree: () => this.fillSoon(),
    });
    for (const queue of handlers.keys()) this.readers.set(queue, this.readerOf(queue));
  }

  /** Whether it is open and every group has heard of it lately. */
  get healthy(): boolean {
    return this.open && [...this.readers.values()].every((reader) => reader.healthy);
  }

  /** Begins to open; goes on trying while the broker is away. */
  start(): void {
    this.opening = this.openAll();
  }

  /** Takes nothing new, gives what runs its grace, aborts it and hands it back, tells all, leaves. */
  drain(): Promise<void> {
    return (this.draining ??= this.bringToEnd());
  }

  private async openAll(): Promise<void> {
    const { broker, log } = this.options;
    const queues = [...this.handlers.keys()];
    const specs = [...systemTopics, ...queues.flatMap(jobTopicSettings)];
    while (!this.draining) {
      try {
        await broker.admin.ensureTopics(specs);
        this.outage.worked();
        break;
      } catch (error) {
        this.outage.failed(error);
        await new Promise((resolve) => setTimeout(resolve, openRetryMs));
      }
    }
    if (this.draining) return;
    this.reporter.say(registered(hostname(), process.pid, queues));
    const joined = Promise.all([...this.readers.values()].map((reader) => reader.start()));
    try {
      await this.control.start();
    } catch (error) {
      if (!this.draining) throw error; // else it was stopped before it had caught up
    }
    await joined;
    if (this.draining) return;
    this.open = true;
    log.info({ worker: this.id, queues }, 'the worker reads jobs from Kafka');
    this.fill();
  }

  /**
   * The partitions go first: what runs is announced, so that its records are done, and what waits is left to others
   * at once. Only then are the handlers given their grace.
   */
  private async bringToEnd(): Promise<void> {
    const { log, graceMs } = this.options;
    for (const reader of this.readers.values()) reader.hold();
    this.waiting.drop(() => true);
    this.careful.close();
    for (const execution of this.executor.running.values()) this.announce(execution);
    await doneWithin(wordsAtEndMs, this.reporter.acked());
    await Promise.all([...this.readers.values()].map((reader) => reader.stop()));
    await this.executor.drain(graceMs);
    await this.control.stop();
    await this.opening;
    this.heartbeats.stop();
    this.reporter.say(left());
    if (!(await doneWithin(wordsAtEndMs, this.reporter.acked()))) {
      const { size: words } = this.reporter;
      log.error({ words }, 'the broker did not take the last outcomes; their jobs will run again');
    }
    this.reporter.close();
    this.deadLetters.close();
    await this.producer.close();
  }

  private readerOf(queue: string): QueueReader {
    const { broker, log } = this.options;
    const reader: QueueReader = new QueueReader({
      broker,
      queue,
      log,
      onRecord: (record, taken) => this.take(reader, queue, record, taken),
      onReady: () => this.fill(),
      onLost: (partitions) => this.lost(partitions),
      isFull: (topic) => this.pausedQueues.has(queue) || this.waiting.topic(topic).full,
    });
    return reader;
  }

  private take(reader: QueueReader, queue: string, record: IncomingRecord, taken: TakenOffset): void {
    const decoded = decodeRecord(record, {
      workerId: this.id,
      queue,
      group: reader.group,
      readAtMs: Date.now(),
      redelivered: reader.isSuspect(taken),
    });
    if (!decoded.ok) {
      void this.bury(reader, queue, record, taken, decoded.reason);
      return;
    }
    const entry = this.entries.read(decoded.delivery, record.value?.length ?? 0, taken);
    if (entry) this.waiting.topic(record.topic).push(entry);
  }

  /** Begins what waits while there are slots. */
  private fill(): void {
    while (this.mayBegin()) {
      const entry = this.waiting.take((next) => this.mayEnter(next));
      if (!entry) return;
      const cancel = this.control.cancelled.of(entry.delivery);
      if (cancel) this.skip(entry, cancel);
      else this.begin(entry);
      const { arrival, queue } = entry.delivery;
      if (arrival.system === 'kafka' && !this.waiting.topic(arrival.topic).full)
        this.readers.get(queue)?.resume(arrival.topic);
    }
  }

  private mayEnter(next: JobEntry): boolean {
    const { queue } = next.delivery;
    const [place] = next.offsets;
    if (this.pausedQueues.has(queue) || this.executor.freeFor(queue) <= this.careful.reserved) return false;
    if (this.careful.busy && !(this.isSuspect(next) && this.careful.takes(next))) return false;
    return !place || (this.readers.get(queue)?.mayEnter(place) ?? true);
  }

  /** With care where its last worker died while it ran, or may have died of it before anybody heard of it. */
  private begin(entry: JobEntry): void {
    const { delivery, offsets } = entry;
    const reader = this.readers.get(delivery.queue);
    for (const place of offsets) reader?.entering(place);
    if (delivery.careful || this.isSuspect(entry)) this.careful.add(entry);
    else {
      this.entries.begin(entry);
      this.enter(delivery);
    }
  }

  private isSuspect({ delivery: { queue }, offsets }: JobEntry): boolean {
    const reader = this.readers.get(queue);
    return reader !== undefined && offsets.some((place) => reader.isSuspect(place));
  }

  private enter(delivery: Delivery): void {
    const execution = this.executor.start(delivery);
    // It may have been asked for while a careful start waited.
    const cancel = this.control.cancelled.of(delivery);
    if (cancel) this.executor.abort(execution, new JobCancelledError(cancel.reason));
  }

  private mayBegin(): boolean {
    return this.open && this.executor.free > 0 && !this.reporter.full && !this.draining;
  }

  private hasRun(execution: Execution): void {
    this.announce(execution);
    this.careful.survived(execution.id);
  }

  /** A queue is paused, or is no more. What of it runs goes on. */
  private controlled({ queue, paused }: QueueControl): void {
    const reader = this.readers.get(queue);
    if (!reader || paused === this.pausedQueues.has(queue)) return;
    if (paused) {
      this.pausedQueues.add(queue);
      reader.review();
    } else {
      this.pausedQueues.delete(queue);
      for (const topic of jobTopics(queue)) reader.resume(topic);
      this.fill();
    }
  }

  private announce(execution: Execution): void {
    if (this.heartbeats.has(execution.id)) return;
    this.heartbeats.add(execution.id);
    this.reporter.say(started(execution), () => this.entries.told(execution.id));
  }

  /** What belongs to others by now is refused, and so aborted; what is still ours is a repetition. */
  private announceAgain(): void {
    for (const execution of this.executor.running.values()) {
      if (this.heartbeats.has(execution.id)) this.reporter.say(started(execution));
    }
  }

  private progressed(execution: Execution, note: ProgressNote, onKept: () => void): void {
    this.announce(execution); // it is no short job, whatever the alarm says
    this.reporter.say(progressed(execution, note), onKept);
  }

  private ended(execution: Execution, outcome: Outcome | undefined, note: ProgressNote | undefined): void {
    const { id, delivery, startedAtMs } = execution;
    this.heartbeats.delete(id);
    if (outcome && note) this.reporter.say(progressed(execution, note));
    if (outcome) this.reporter.say(ended(delivery, startedAtMs, outcome), () => this.entries.ended(id));
    else this.entries.ended(id);
    this.careful.ended(id);
    this.fillSoon();
  }

  /** Jobs that end in the same turn of the event loop are followed by as many at once. */
  private fillSoon(): void {
    if (this.filling) return;
    this.filling = true;
    setImmediate(() => {
      this.filling = false;
      this.fill();
    });
  }

  /** Another execution owns the attempt: nothing that this one says counts. */
  private refused({ executionId, jobId }: RefusedExecution): void {
    if (this.careful.refused(executionId)) return;
    const execution = this.executor.running.get(executionId);
    if (execution)
      this.executor.abort(
        execution,
        new OwnershipLostError(`another execution of job ${jobId} owns the attempt`),
      );
  }

  /** A record whose job's cancel was requested is not entered: its word is said without it. */
  private skip(entry: JobEntry, { reason }: CancelledJob): void {
    const { delivery } = entry;
    this.entries.begin(entry);
    const { code, message } = new JobCancelledError(reason);
    const outcome = { kind: 'cancelled', error: { code, message, retryable: false } } as const;
    this.reporter.say(ended(delivery, Date.now(), outcome), () => this.entries.ended(delivery.executionId));
  }

  private cancelled(job: CancelledJob): void {
    for (const execution of this.executor.running.values()) {
      const { jobId, attempt } = execution.delivery;
      if (jobId === job.jobId && attempt <= job.attempt)
        this.executor.abort(execution, new JobCancelledError(job.reason));
    }
  }

  /** What runs, runs on; what only waited is another worker's now. */
  private lost(partitions: readonly TopicPartition[]): void {
    const gone = (entry: JobEntry): boolean => this.entries.orphaned(entry, partitions);
    this.waiting.drop(gone);
    this.careful.drop(gone);
  }

  private async bury(
    reader: QueueReader,
    queue: string,
    record: IncomingRecord,
    taken: TakenOffset,
    reason: string,
  ): Promise<void> {
    if (!(await this.deadLetters.bury(record, reason))) return;
    const spoken = spokenOf(record, queue);
    if (!spoken) {
      reader.done(taken);
      return;
    }
    const message = `the record could not be decoded: ${reason}`;
    const error = { code: 'undecodable' as const, message, retryable: false };
    this.reporter.say(ended(spoken, Date.now(), { kind: 'failed', error }), () => reader.done(taken));
  }
}
