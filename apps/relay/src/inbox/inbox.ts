import { inboxGroup, limits, topics, type DispatchMode } from '@baton/contracts';
import {
  OffsetTracker,
  type Assignment,
  type Broker,
  type BrokerConsumer,
  type BrokerProducer,
  type IncomingBatch,
  type IncomingRecord,
  type TopicPartition,
} from '@baton/messaging';
import {
  announceQueues,
  faultKind,
  hearWorkers,
  recordInboxProgress,
  settleBatch,
  type Database,
  type Settled,
  type Settlement,
} from '@baton/persistence';
import { inRootContext } from '@baton/tracing';
import type { Logger } from 'pino';
import type { Announcer } from '../announce/announcer.js';
import { tellGranted } from '../control/tell-granted.js';
import { tellRefused } from '../control/tell-refused.js';
import type { BeatFacts, ShardFollower } from '../leadership/shard-follower.js';
import { answersTo } from './answers.js';
import { deadLetter } from './dead-letters.js';
import { HeardWorkers } from './heard-workers.js';
import { InboxClock } from './inbox-clock.js';
import { MissingExecutions } from './missing-executions.js';
import { mostPending, PendingWords, type Word } from './pending-words.js';
import { readReport } from './read-report.js';
import { rescueMissing } from './rescue-missing.js';
import { recordSettled } from './record-settled.js';
import { Ticks } from './ticks.js';
import { UndecodableError } from './undecodable.error.js';

export interface InboxOptions {
  database: Database;
  broker: Broker;
  producer: BrokerProducer;
  announcer: Announcer;
  /** Of queues that workers announce and nobody has made. */
  defaultMode: DispatchMode;
  log: Logger;
  names?: { outcomes: string; control: string; deadLetter: string };
  groupId?: string;
  /** What may be read and not settled, before no more is fetched. */
  most?: typeof mostPending;
  random?: () => number;
}

/** Progress is written at most this often; what was heard of workers, with it. */
const writeEveryMs = 1_000;
const commitEveryMs = 100;
/** A partition whose workers own something gets a tick after so much quiet. */
const quietMs = 1_000;
/** The pause before lanes that were busy are tried again. */
const busyPauseMs = 5;
const failurePauseMs = { first: 100, longest: 2_000 };
/** How long `stop` goes on with what was read. */
const drainMs = 5_000;
const queueName = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/**
 * Settles what event workers say. Every replica reads its partitions of the outcomes topic.
 *
 * idle → rounds (records came) → idle (all that was read is applied, but for what is busy, which is said again).
 * A round is one settling transaction of at most 500 words over all partitions, then the announcements. A record
 * is done when all of its words are; offsets are committed up to the lowest that is not.
 * When PostgreSQL or the broker is away the round is repeated; full partitions are paused meanwhile, as are all when too much
 * is read and not settled: however long nobody settled, what waits stays on the broker.
 */
export class Inbox implements ShardFollower {
  private readonly consumer: BrokerConsumer;
  private readonly names: { outcomes: string; control: string; deadLetter: string };
  private readonly tracker = new OffsetTracker();
  private readonly words: PendingWords;
  private readonly clock = new InboxClock();
  private readonly heard = new HeardWorkers();
  private readonly missing: MissingExecutions;
  private readonly ticks: Ticks;
  private readonly paused = new Map<number, TopicPartition>();
  /** Undecodable records that are not yet put aside. */
  private readonly spoilt: { record: IncomingRecord; reason: string; onDone: () => void }[] = [];
  private rounds: Promise<void> | undefined;
  private committing: Promise<void> | undefined;
  private writtenAt = -Infinity;
  private committedAt = -Infinity;
  private failures = 0;
  private afterwards: NodeJS.Timeout | undefined;
  private stopping = false;
  private stopped = false;

  constructor(private readonly options: InboxOptions) {
    const { broker, producer, log, names = topics, groupId = inboxGroup, most = mostPending } = options;
    this.words = new PendingWords(most);
    this.names = names;
    this.consumer = broker.consumer({ groupId, topics: [names.outcomes], maxWaitMs: 500 });
    this.missing = new MissingExecutions(options.database);
    this.ticks = new Ticks(producer, names.outcomes, log);
  }

  /** Resolves when the first attempt to join has ended; goes on trying while the broker is away. */
  start(): Promise<void> {
    return inRootContext(() =>
      this.consumer.run({
        onAssigned: (assignment) => this.assign(assignment),
        onLost: (partitions) => this.lose(partitions),
        onRecords: (batch) => this.read(batch),
        onCrash: (error, crashes) =>
          this.options.log.warn({ err: error, crashes }, 'the inbox joins its group again'),
      }),
    );
  }

  isHealthy(): boolean {
    return this.consumer.isHealthy();
  }

  onBeat({ eventPartitions }: BeatFacts): void {
    if (this.stopping || eventPartitions.length === 0) return;
    const quiet = new Set(this.clock.quiet(quietMs));
    this.ticks.send(eventPartitions.filter((partition) => quiet.has(partition)));
  }

  /** Applies what was read, commits, and leaves the group. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.consumer.pause(this.consumer.assigned());
    const deadline = performance.now() + drainMs;
    while (this.rounds && performance.now() < deadline) await Promise.race([this.rounds, pause(100)]);
    this.stopped = true;
    await this.rounds;
    clearTimeout(this.afterwards);
    try {
      await this.write();
    } catch (error) {
      this.options.log.warn(
        { err: error },
        'the last words of the inbox could not be written; others read them again',
      );
    }
    await this.committing;
    await this.commit();
    await this.consumer.stop();
    await this.options.announcer.flush();
  }

  private assign({ partitions }: Assignment): void {
    for (const assigned of partitions) {
      this.tracker.assign(assigned);
      if (!assigned.kept) this.clock.assign(assigned.partition);
    }
    this.heard.forget();
  }

  private lose(partitions: readonly TopicPartition[]): void {
    for (const lost of partitions) {
      this.tracker.lose(lost);
      this.clock.lose(lost.partition);
      this.missing.lose(lost.partition);
      this.paused.delete(lost.partition);
    }
  }

  private read(batch: IncomingBatch): void {
    if (this.stopping) return; // read again by whoever has the partition next
    for (const record of batch.records) this.readRecord(record);
    if ((this.words.full || this.tracker.isFull(batch)) && !this.paused.has(batch.partition)) {
      this.paused.set(batch.partition, { topic: batch.topic, partition: batch.partition });
      this.consumer.pause([batch]);
    }
    this.kick();
  }

  private readRecord(record: IncomingRecord): void {
    const taken = this.tracker.take(record, record.offset);
    if (!taken) return;
    const { partition, timestamp } = record;
    this.clock.read(partition, record.offset, timestamp);
    const onDone = (): void => {
      if (!this.tracker.done(taken)) return;
      const next = this.tracker.committable(record) ?? 0n;
      this.clock.applied(partition, next);
      this.missing.applied(partition, next);
    };
    try {
      const { workerId, settlements, registration, left, heartbeat } = readReport(record.value);
      if (workerId !== undefined)
        this.heard.hear({ id: workerId, heardAtMs: timestamp, partition, left, registration });
      if (workerId !== undefined && heartbeat)
        this.missing.heard(partition, { workerId, offset: record.offset, executionIds: heartbeat });
      this.words.add(record, settlements, onDone);
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error;
      this.spoilt.push({ record, reason: error.message, onDone });
    }
  }

  private kick(): void {
    clearTimeout(this.afterwards);
    this.rounds ??= this.runRounds().finally(() => {
      this.rounds = undefined;
      if (this.hasWork() && !this.stopping) this.kick();
      else if (this.clock.changed || this.tracker.uncommitted().length > 0)
        this.afterwards = setTimeout(() => this.kick(), writeEveryMs);
    });
  }

  private hasWork(): boolean {
    return this.words.size > 0 || this.spoilt.length > 0 || this.heard.urgent;
  }

  /** Until nothing is left to apply. Never rejects. */
  private async runRounds(): Promise<void> {
    do {
      try {
        await this.round();
        this.failures = 0;
      } catch (error) {
        this.options.log.warn({ err: error }, 'the inbox could not settle; it tries again');
        await pause(Math.min(failurePauseMs.longest, failurePauseMs.first * 2 ** this.failures++));
      }
    } while (this.hasWork() && !this.stopped);
  }

  private async round(): Promise<void> {
    if (this.heard.urgent) await this.writeHeard();
    await this.putAside();
    const words = this.words.take(limits.batch);
    if (words.length > 0) await this.settle(words);
    if (performance.now() - this.writtenAt >= writeEveryMs) await this.write();
    if (performance.now() - this.committedAt >= commitEveryMs) void this.commit();
    this.resume();
  }

  private async settle(words: readonly Word[]): Promise<void> {
    const startTime = Date.now();
    let report;
    try {
      report = await settleBatch(
        this.options.database.pool,
        words.map((word) => word.settlement),
        this.options,
      );
    } catch (error) {
      if (faultKind(error) === 'passing') throw error;
      return this.isolate(words, error);
    }
    recordSettled(report.settled, { startTime, endTime: Date.now() });
    await this.options.announcer.settled(report);
    await this.answer(words, report.settled);
  }

  /** Words are done once those of whom their workers must hear have been told; if they cannot be, those alone are said again. */
  private async answer(words: readonly Word[], settled: readonly Settled[]): Promise<void> {
    const { producer } = this.options;
    const { refused, granted } = answersTo(settled);
    const told = new Set([...refused, ...granted]);
    const done = (wanted: (each: Settled) => boolean): Word[] => words.filter((_, i) => wanted(settled[i]!));
    this.words.done(done((each) => each.verdict !== 'busy' && !told.has(each)));
    await tellRefused(producer, this.names.control, refused.map(settlementOf));
    await tellGranted(producer, this.names.control, granted.map(settlementOf));
    this.words.done(done((each) => told.has(each)));
    if (settled.every(({ verdict }) => verdict === 'busy'))
      await pause(busyPauseMs * (1 + (this.options.random ?? Math.random)()));
  }

  /** A statement failed for good: whichever word does that alone is put aside, so that the partition moves on. */
  private async isolate(words: readonly Word[], error: unknown): Promise<void> {
    const [only] = words;
    if (words.length > 1) {
      for (const word of words) await this.settle([word]);
      return;
    }
    if (!only) return;
    this.options.log.error({ err: error, jobId: only.settlement.jobId }, 'an outcome could not be settled');
    const reason = `it could not be settled: ${error instanceof Error ? error.message : String(error)}`;
    for (const { raw } of only.records) await this.bury(raw, reason);
    await this.answer([only], [{ settlement: only.settlement, verdict: 'refused' }]);
  }

  private async putAside(): Promise<void> {
    for (let next = this.spoilt[0]; next; next = this.spoilt[0]) {
      await this.bury(next.record, next.reason);
      this.spoilt.shift();
      next.onDone();
    }
  }

  private bury(record: IncomingRecord, reason: string): Promise<void> {
    const { producer, log } = this.options;
    return deadLetter({ producer, topic: this.names.deadLetter, log }, record, reason);
  }

  /** What was heard first: the clock must not pass words whose worker is still noted as silent. */
  private async write(): Promise<void> {
    const progress = this.clock.take();
    try {
      await this.writeHeard();
      await recordInboxProgress(this.options.database.pool, progress);
      await rescueMissing(this.missing, { ...this.options, controlTopic: this.names.control });
      this.writtenAt = performance.now();
    } catch (error) {
      this.clock.giveBack(progress);
      throw error;
    }
  }

  private async writeHeard(): Promise<void> {
    const workers = this.heard.take();
    try {
      await this.announceQueues(workers.flatMap(({ registration }) => registration?.queues ?? []));
      await hearWorkers(this.options.database.pool, workers);
      this.heard.written(workers);
    } catch (error) {
      this.heard.failed(workers);
      throw error;
    }
  }

  /** A queue that a worker handles and nobody has made is made now, in this relay's default mode. */
  private async announceQueues(queues: readonly string[]): Promise<void> {
    const named = queues.filter((queue) => queueName.test(queue));
    if (named.length < queues.length)
      this.options.log.warn({ queues }, 'a worker announced a queue whose name is not allowed');
    if (named.length === 0) return;
    const { database, announcer, defaultMode } = this.options;
    announcer.queuesMade(await announceQueues(database.pool, named, defaultMode));
  }

  private commit(): Promise<void> {
    this.committing ??= this.commitNow().finally(() => (this.committing = undefined));
    return this.committing;
  }

  private async commitNow(): Promise<void> {
    this.committedAt = performance.now();
    const due = this.tracker.uncommitted();
    if (due.length === 0) return;
    try {
      const { committed } = await this.consumer.commit(due);
      const ours = new Set(committed.map(({ partition }) => partition));
      for (const offset of due) if (ours.has(offset.partition)) this.tracker.committed(offset);
    } catch (error) {
      this.options.log.warn({ err: error }, 'offsets of the inbox could not be committed yet');
    }
  }

  private resume(): void {
    const free = [...this.paused.values()].filter((partition) => !this.tracker.isFull(partition));
    if (free.length === 0 || this.words.full || this.stopping) return;
    for (const { partition } of free) this.paused.delete(partition);
    this.consumer.resume(free);
  }
}

const settlementOf = ({ settlement }: Settled): Settlement => settlement;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
