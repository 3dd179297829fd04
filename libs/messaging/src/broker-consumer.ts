import type { IncomingBatch, TopicPartition } from './broker-records.js';

export interface ConsumerOptions {
  groupId: string;
  topics: readonly string[];
  /** Default 1,000 ms. */
  heartbeatIntervalMs?: number;
  /** A member silent for this long loses its partitions. Default 10,000 ms. */
  sessionTimeoutMs?: number;
  /** How long members get to join again in a rebalance. Default 30,000 ms. */
  rebalanceTimeoutMs?: number;
  /** The wait of an empty fetch, and so the delay with which a rebalance or a resume is noticed. Default 250 ms. */
  maxWaitMs?: number;
  minBytes?: number;
  maxBytes?: number;
  maxBytesPerPartition?: number;
  /** Bounds `stop`. Default 10,000 ms. */
  stopTimeoutMs?: number;
}

export interface AssignedPartition extends TopicPartition {
  /** The group's next offset; `undefined` when none was ever committed. */
  readonly committed: bigint | undefined;
  readonly metadata: string | undefined;
  /** It was ours in the assignment before, without a break: work in flight on it is still ours. */
  readonly kept: boolean;
}

export interface Assignment {
  /** 1, 2, 3 … within this consumer. */
  readonly epoch: number;
  readonly partitions: readonly AssignedPartition[];
}

/** `at`: milliseconds by the local clock, taken before the broker was asked for its end. */
export interface EndReached extends TopicPartition {
  readonly offset: bigint;
  readonly at: number;
}

export interface ConsumerEvents {
  /**
   * After each (re)join, before any record read under it: all partitions that are ours now. Every
   * one of them, kept or not, is read again from its committed offset.
   */
  onAssigned?(assignment: Assignment): void;
  /** Before `onAssigned`, and when the connection to the group breaks: no longer ours. Not called by `stop`. */
  onLost?(partitions: readonly TopicPartition[]): void;
  /** The group begins to rebalance: the last moment for a commit under the assignment that ends. */
  onRebalancing?(): void;
  /** Each second: partitions of which every record that the broker had at `at` has been handed over (sequential: handled). */
  onEndReached?(ends: readonly EndReached[]): void;
  /** The consumer broke (`crashes` counts from 1) and joins again by itself after a pause. */
  onCrash?(error: Error, crashes: number): void;
  /** `onRecords` or `onBatch` threw: the batch comes again after a pause of 0.2 to 5 s. */
  onBatchFailed?(batch: IncomingBatch, error: unknown): void;
}

/** Hand-over: records are given away and may be worked on in any order; the caller commits. */
export interface HandOver extends ConsumerEvents {
  /** Takes the batch over and returns at once. A batch fetched before `pause` may still come. */
  onRecords(batch: IncomingBatch): void;
}

/** Sequential: each batch is awaited, and committed when it resolves; read again, after a pause, when it throws. */
export interface Sequential extends ConsumerEvents {
  onBatch(batch: IncomingBatch): Promise<void>;
  /** Batches of different partitions at once. Default 1. */
  concurrency?: number;
}

export interface OffsetCommit extends TopicPartition {
  /** The next offset to be read: all below are done. */
  readonly offset: bigint;
  /** At most 4,096 bytes at a broker's default. */
  readonly metadata?: string;
}

/**
 * `not_assigned`: not ours in the latest assignment. `rebalancing`: the group is between two
 * assignments. `behind`: below what is committed. `not_read`: nothing was handed over since (re)connecting.
 * `stopping`: `stop` has begun, or `run` has not.
 */
export type CommitRefusal = 'not_assigned' | 'rebalancing' | 'behind' | 'not_read' | 'stopping';

export interface RefusedCommit extends TopicPartition {
  readonly reason: CommitRefusal;
}

export interface CommitResult {
  readonly committed: readonly TopicPartition[];
  readonly refused: readonly RefusedCommit[];
}

/**
 * One member of a consumer group.
 *
 * created → running (`run` or `runSequential`) → stopping → stopped. While running it may crash and
 * join again by itself. A partition is ours from `onAssigned` until `onLost`; a commit for one that
 * is not ours is never sent.
 */
export interface BrokerConsumer {
  /** Resolves when the first attempt to join has ended; it goes on trying if the broker is away. */
  run(handlers: HandOver): Promise<void>;
  runSequential(handlers: Sequential): Promise<void>;
  /** Fetch no more of these; ends with the partition's loss. Partitions that are not ours are passed over. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** Rejects with `BrokerUnavailableError` when the broker cannot be asked. What was refused is said, and lost nothing. */
  commit(offsets: readonly OffsetCommit[]): Promise<CommitResult>;
  /** The latest assignment; empty while there is none. */
  assigned(): readonly TopicPartition[];
  /** Heartbeats acknowledged by the group within the session time-out. */
  isHealthy(): boolean;
  /** Awaits commits under way, leaves the group and disconnects. Commits called from now on are refused. */
  stop(): Promise<void>;
}
