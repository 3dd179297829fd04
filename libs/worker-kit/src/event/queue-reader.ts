import { jobGroup, jobTopics } from '@baton/contracts';
import {
  OffsetTracker,
  partitionKey,
  PartitionTerms,
  readCommitNote,
  writeCommitNote,
  type AssignedPartition,
  type Assignment,
  type Broker,
  type BrokerConsumer,
  type CommittableOffset,
  type CommitNote,
  type IncomingBatch,
  type IncomingRecord,
  type OffsetCommit,
  type TakenOffset,
  type TopicPartition,
} from '@baton/messaging';
import { rebalances, redeliveries, wakes } from '@baton/tracing';
import type { Log } from '../log.js';
import { Outage } from '../outage.js';
import { termOf } from './decode-record.js';
import { EnteredOffsets, type PlaceInLog } from './entered-offsets.js';

const commitMs = 250;
/** An empty fetch waits so long in the broker: how late a rebalance or a resumed partition is noticed. */
const maxWaitMs = 500;

export interface QueueReaderOptions {
  broker: Broker;
  queue: string;
  log: Log;
  /** A record that is to run, or to be told undecodable; in any case `done` is to be called with its offset. */
  onRecord: (record: IncomingRecord, taken: TakenOffset) => void;
  /** What waits may perhaps begin: records were read, or the broker knows how far handlers may be entered. */
  onReady: () => void;
  onLost: (partitions: readonly TopicPartition[]) => void;
  /** Whether so much of the topic waits already that no more should be fetched. */
  isFull: (topic: string) => boolean;
}

interface CommitManner {
  /** Nothing is entered that is not done. */
  clean?: boolean;
  /** Other workers may have the partitions next. */
  handingOver?: boolean;
}

type Due = CommittableOffset & OffsetCommit & { readonly enteredTo: bigint | undefined };

/**
 * The one member that this process is of its queue's consumer group: which records are to be run, and which
 * offsets may be committed.
 *
 * created → running → stopped. A partition is ours from `onAssigned` to `onLost`; what of it is in flight when it
 * goes runs on, and its `done` then changes nothing. Always: committed is at most the lowest offset not done.
 */
export class QueueReader {
  readonly group: string;
  private readonly consumer: BrokerConsumer;
  private readonly tracker = new OffsetTracker();
  private readonly terms = new Map<string, PartitionTerms>();
  private readonly entered = new EnteredOffsets();
  private readonly paused = new Set<string>();
  private readonly outage: Outage;
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;
  /** A commit is under way: what is to be said besides follows it. */
  private saying = false;
  /** The last commit was not taken: the next waits for its time, for which a timer is set. */
  private pausing = false;

  constructor(private readonly options: QueueReaderOptions) {
    const { broker, queue, log } = options;
    this.group = jobGroup(queue);
    this.consumer = broker.consumer({ groupId: this.group, topics: jobTopics(queue), maxWaitMs });
    this.outage = new Outage(log, `committing offsets of queue "${queue}"`);
  }

  get healthy(): boolean {
    return this.consumer.isHealthy();
  }

  /** Resolves when the first attempt to join the group has ended. */
  async start(): Promise<void> {
    await this.consumer.run({
      onAssigned: (assignment) => this.assigned(assignment),
      onLost: (partitions) => this.lost(partitions),
      onRebalancing: () => this.handOver(),
      onRecords: (batch) => this.read(batch),
      onCrash: (error, crashes) =>
        this.options.log.warn(
          { err: error, group: this.group, crashes },
          'the consumer broke and joins again',
        ),
    });
  }

  /** The record of this reading needs no more: its word is acknowledged, or it was nothing to run. */
  done(taken: TakenOffset): void {
    if (!this.tracker.done(taken)) return;
    if (this.paused.size > 0) this.ease(taken);
    if (!this.stopping) this.commitSoon();
  }

  /** Whether the handler of a record may be entered; where not yet, `onReady` follows. */
  mayEnter(place: PlaceInLog): boolean {
    const may = this.entered.mayEnter(place);
    if (!may && !this.saying && !this.pausing) void this.commit();
    return may;
  }

  entering(place: PlaceInLog): void {
    this.entered.enter(place);
  }

  /** Whether the worker that had the record before may have died of it. */
  isSuspect(place: PlaceInLog): boolean {
    return this.entered.isSuspect(place);
  }

  /** A topic is not full any more. */
  resume(topic: string): void {
    if (this.paused.size === 0) return;
    for (const partition of this.consumer.assigned()) if (partition.topic === topic) this.ease(partition);
  }

  /** Topics have become full for another reason than what was read. */
  review(): void {
    if (!this.stopping) this.pauseFull(this.consumer.assigned());
  }

  /** Fetches no more. */
  hold(): void {
    this.stopping = true;
    this.consumer.pause(this.consumer.assigned());
  }

  /** Commits what is done, and that nothing else was entered; then leaves the group. */
  async stop(): Promise<void> {
    this.hold();
    await this.commit({ clean: true });
    await this.consumer.stop();
  }

  private assigned({ epoch, partitions }: Assignment): void {
    if (epoch > 1) rebalances.labels(this.options.queue).inc();
    for (const partition of partitions) {
      this.tracker.assign(partition);
      const key = partitionKey(partition);
      const note = this.noteOf(partition);
      this.entered.assign(partition, { before: note.enteredTo });
      if (!partition.kept || !this.terms.has(key)) this.terms.set(key, this.restoreTerms(partition, note));
    }
    if (this.stopping) this.consumer.pause(partitions);
    else this.pauseFull(partitions);
    for (const partition of partitions) this.ease(partition);
    this.options.onReady();
  }

  /** The last commit under this assignment; what waits begins when partitions are given anew. */
  private handOver(): void {
    for (const partition of this.consumer.assigned()) this.entered.handOver(partition);
    void this.commit({ handingOver: true });
  }

  private noteOf({ topic, partition, metadata }: AssignedPartition): CommitNote {
    try {
      return readCommitNote(metadata);
    } catch (error) {
      this.options.log.error({ err: error, topic, partition }, 'what was said with a commit is lost');
      return { terms: '', enteredTo: undefined };
    }
  }

  private restoreTerms({ topic, partition }: AssignedPartition, { terms }: CommitNote): PartitionTerms {
    try {
      return PartitionTerms.restore(terms);
    } catch (error) {
      this.options.log.error(
        { err: error, topic, partition },
        'the terms kept with a commit are lost; late records may run twice',
      );
      return new PartitionTerms();
    }
  }

  private lost(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const key = partitionKey(partition);
      this.tracker.lose(partition);
      this.terms.delete(key);
      this.entered.lose(partition);
      this.paused.delete(key);
    }
    this.options.onLost(partitions);
  }

  private read(batch: IncomingBatch): void {
    wakes.labels('broker').inc();
    this.entered.read(batch, batch.highWatermark);
    const terms = this.terms.get(partitionKey(batch));
    for (const record of batch.records) {
      const term = termOf(record);
      const current = !term || !terms || terms.admit(record.offset, term);
      const taken = this.tracker.take(batch, record.offset);
      if (!taken) redeliveries.labels(this.options.queue).inc();
      else if (current) this.options.onRecord(record, taken);
      else this.done(taken); // a deposed leader's late send: the new leader sends the row again
    }
    this.pauseFull([batch]);
    this.options.onReady();
  }

  private pauseFull(partitions: readonly TopicPartition[]): void {
    const full = partitions.filter(
      (partition) => this.isFull(partition) && !this.paused.has(partitionKey(partition)),
    );
    if (full.length === 0) return;
    for (const partition of full) this.paused.add(partitionKey(partition));
    this.consumer.pause(full);
  }

  private ease(partition: TopicPartition): void {
    if (!this.paused.has(partitionKey(partition)) || this.stopping || this.isFull(partition)) return;
    this.paused.delete(partitionKey(partition));
    this.consumer.resume([partition]);
  }

  private isFull(partition: TopicPartition): boolean {
    return this.options.isFull(partition.topic) || this.tracker.isFull(partition);
  }

  /**
   * Never rejects: what could not be committed is tried again, or read again by whom the partition goes to.
   */
  private async commit(how: CommitManner = {}): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const due = this.due(how);
    if (due.length === 0) return;
    this.saying = true;
    try {
      const { committed, refused } = await this.consumer.commit(due);
      this.outage.worked();
      for (const partition of committed) {
        const commit = due.find((each) => partitionKey(each) === partitionKey(partition));
        if (commit) this.committed(commit);
      }
      this.pausing = refused.length > 0;
      if (this.pausing) this.options.log.debug({ refused, group: this.group }, 'commits were refused');
    } catch (error) {
      this.pausing = true;
      this.outage.failed(error);
    }
    this.saying = false;
    if (this.stopping) return;
    if (this.pausing || this.tracker.uncommitted().length > 0 || this.entered.unsaid().length > 0)
      this.commitSoon();
    this.options.onReady();
  }

  private commitSoon(): void {
    this.timer ??= setTimeout(() => {
      this.pausing = false;
      void this.commit();
    }, commitMs);
  }

  /** What is done and not committed; and where only what was entered is to be told, the offset as it stands. */
  private due({ clean = false, handingOver = false }: CommitManner): Due[] {
    const offsets = new Map(this.tracker.uncommitted().map((offset) => [partitionKey(offset), offset]));
    for (const { topic, partition } of clean || handingOver
      ? this.consumer.assigned()
      : this.entered.unsaid()) {
      const offset = this.tracker.committable({ topic, partition });
      if (offset !== undefined) offsets.set(partitionKey({ topic, partition }), { topic, partition, offset });
    }
    return [...offsets.values()].map((offset) => {
      const enteredTo = clean ? undefined : this.entered.toSay(offset);
      const terms = this.terms.get(partitionKey(offset))?.serialise(offset.offset) ?? '';
      return { ...offset, enteredTo, metadata: writeCommitNote({ terms, enteredTo }) };
    });
  }

  private committed({ enteredTo, ...commit }: Due): void {
    this.tracker.committed(commit);
    this.terms.get(partitionKey(commit))?.committed(commit.offset);
    if (enteredTo !== undefined) this.entered.said(commit, enteredTo);
  }
}
