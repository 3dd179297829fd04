import { setTimeout as delay } from 'node:timers/promises';
import type { Batch, Consumer, ConsumerGroupJoinEvent, EachBatchPayload, Offsets } from 'kafkajs';
import type {
  CommitResult,
  ConsumerEvents,
  ConsumerOptions,
  OffsetCommit,
  RefusedCommit,
} from '../broker-consumer.js';
import { partitionKey, type IncomingBatch, type TopicPartition } from '../broker-records.js';
import { classify, isFence } from './classify-error.js';
import type { CommittedByKey, Holdings } from './holdings.js';
import { incoming } from './incoming.js';
import { joinWatcher } from './join-watcher.js';
import type { KafkaAdmin } from './kafka-admin.js';
import { metadataMaxAgeMs, type KafkaClient } from './kafka-client.js';
import type { BrokerLog } from './kafka-options.js';
import { within } from './within.js';

export interface SessionSetup {
  readonly client: KafkaClient;
  readonly options: Required<ConsumerOptions>;
  readonly concurrency: number;
  readonly holdings: Holdings;
  readonly admin: KafkaAdmin;
  readonly events: ConsumerEvents;
  readonly log: BrokerLog | undefined;
  /** Resolves to whether the batch was taken; if not it is fetched again. */
  deliver(batch: IncomingBatch, heartbeat: () => Promise<void>): Promise<boolean>;
  /** Called once, unless stopped before. */
  onEnd(error: Error): void;
}

type CommitNow = (offsets: Offsets) => Promise<void>;

/**
 * One membership in a group, by one kafkajs consumer, which is never restarted: after its end the
 * next session is a new one.
 *
 * created → started → ended (it crashed, stalled, or a handler threw) or stopped.
 */
export class ConsumerSession {
  private readonly consumer: Consumer;
  private started: Promise<void> | undefined;
  private settling: Promise<void> = Promise.resolve();
  private commitNow: CommitNow | undefined;
  private joining = false;
  private over = false;
  private lastSign = performance.now();
  private readonly stallCheck: NodeJS.Timeout;

  constructor(private readonly setup: SessionSetup) {
    const { options, client } = setup;
    this.consumer = client.kafka.consumer({
      groupId: options.groupId,
      heartbeatInterval: options.heartbeatIntervalMs,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: options.rebalanceTimeoutMs,
      maxWaitTimeInMs: options.maxWaitMs,
      minBytes: options.minBytes,
      maxBytes: options.maxBytes,
      maxBytesPerPartition: options.maxBytesPerPartition,
      allowAutoTopicCreation: false,
      metadataMaxAge: metadataMaxAgeMs,
      partitionAssigners: [joinWatcher(() => (this.joining = true))],
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 1_000,
        factor: 0.2,
        multiplier: 2,
        retries: 10,
        restartOnFailure: () => Promise.resolve(false),
      },
    });
    this.listen();
    const stallMs = options.sessionTimeoutMs + options.rebalanceTimeoutMs;
    this.stallCheck = setInterval(() => {
      if (performance.now() - this.lastSign > stallMs)
        this.end(new Error(`The consumer gave no sign of life for ${stallMs} ms.`));
    }, stallMs / 4).unref();
  }

  /** Resolves when the first attempt to join has ended, well or badly. */
  async start(): Promise<void> {
    this.started = this.connectAndRun();
    try {
      await this.started;
    } catch (error) {
      this.end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Leaves the group and disconnects, within the stop time-out. */
  async stop(): Promise<void> {
    this.over = true;
    clearInterval(this.stallCheck);
    const leave = async (): Promise<void> => {
      // kafkajs would finish a join that is under way after its stop, and stay.
      await this.started?.catch(() => undefined);
      await this.consumer.disconnect();
    };
    try {
      await within(
        leave(),
        this.setup.options.stopTimeoutMs,
        () => new Error('The consumer did not leave its group in time.'),
      );
    } catch (error) {
      this.setup.log?.(
        'warn',
        'The consumer was cut off; its group will miss it after the session time-out',
        { groupId: this.setup.options.groupId, error },
      );
    } finally {
      this.setup.client.sockets.cut('The consumer is stopped.');
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    if (!this.over && partitions.length > 0)
      this.consumer.pause(partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] })));
  }

  resume(partitions: readonly TopicPartition[]): void {
    if (!this.over && partitions.length > 0)
      this.consumer.resume(partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] })));
  }

  isHealthy(): boolean {
    return (
      !this.over &&
      this.setup.holdings.settled &&
      performance.now() - this.lastSign < this.setup.options.sessionTimeoutMs
    );
  }

  /**
   * kafkajs stamps a commit with the generation of the moment, and the broker does not ask whose
   * partition it is. So the check and the stamp must not be parted: `consumer.commitOffsets` tries
   * again after a rebalance, with the new stamp, and is not used; the batch's own commit does not.
   */
  async commit(offsets: readonly OffsetCommit[]): Promise<CommitResult> {
    const { holdings } = this.setup;
    const { commitNow } = this;
    if (!holdings.settled || this.joining) return refuseAll(offsets, 'rebalancing');
    const refused: RefusedCommit[] = [];
    const due: OffsetCommit[] = [];
    for (const commit of offsets) {
      const reason = holdings.refusal(commit) ?? (commitNow ? undefined : 'not_read');
      if (reason) refused.push({ topic: commit.topic, partition: commit.partition, reason });
      else due.push(commit);
    }
    if (due.length === 0 || !commitNow) return { committed: [], refused };
    const { epoch } = holdings;
    try {
      await within(
        commitNow(asOffsets(due)),
        this.setup.options.sessionTimeoutMs,
        () => new Error('The commit was not acknowledged in time.'),
      );
    } catch (error) {
      if (isFence(error))
        return { committed: [], refused: [...refused, ...refuseAll(due, 'rebalancing').refused] };
      throw classify(error, `The commit for the group ${this.setup.options.groupId}`);
    }
    if (holdings.epoch === epoch) for (const commit of due) holdings.markCommitted(commit);
    return { committed: due.map(({ topic, partition }) => ({ topic, partition })), refused };
  }

  private async connectAndRun(): Promise<void> {
    await this.consumer.connect();
    await this.consumer.subscribe({ topics: [...this.setup.options.topics], fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: this.setup.concurrency,
      eachBatch: (payload) => this.eachBatch(payload),
    });
  }

  private listen(): void {
    const { events } = this.consumer;
    const sign = (): void => {
      this.lastSign = performance.now();
    };
    this.consumer.on(events.HEARTBEAT, sign);
    this.consumer.on(events.FETCH, sign);
    this.consumer.on(events.CRASH, ({ payload }) => this.end(payload.error));
    this.consumer.on(events.REBALANCING, () => this.guard(() => this.setup.events.onRebalancing?.()));
    this.consumer.on(events.GROUP_JOIN, ({ payload }) => {
      sign();
      this.joined(payload);
    });
    this.consumer.on(events.END_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, lastOffset } }) => {
      // A batch of nothing but control or compacted records: kafkajs passes over it by itself.
      if (batchSize === 0 && !this.over)
        this.setup.holdings.moveTo({ topic, partition }, BigInt(lastOffset) + 1n);
    });
  }

  private joined({ memberId, memberAssignment }: ConsumerGroupJoinEvent['payload']): void {
    if (this.over) return;
    this.joining = false;
    const partitions = Object.entries(memberAssignment).flatMap(([topic, ids]) =>
      ids.map((partition) => ({ topic, partition })),
    );
    const { epoch, lost, held } = this.setup.holdings.joined(memberId, partitions);
    // A pause outlives the assignment in kafkajs.
    this.resume(lost);
    this.guard(() => {
      if (lost.length > 0) this.setup.events.onLost?.(lost);
    });
    this.settling = this.settle(epoch, held);
  }

  /** Asks for the committed offsets until they are known or the assignment is over. Never rejects. */
  private async settle(epoch: number, held: readonly TopicPartition[]): Promise<void> {
    while (!this.over && this.setup.holdings.epoch === epoch) {
      try {
        const committed = await this.committed(held);
        if (this.over || this.setup.holdings.epoch !== epoch) return;
        const assignment = this.setup.holdings.settle(committed);
        this.guard(() => this.setup.events.onAssigned?.(assignment));
        return;
      } catch (error) {
        this.setup.log?.('warn', 'The committed offsets could not be read yet', {
          groupId: this.setup.options.groupId,
          error,
        });
        await delay(200);
      }
    }
  }

  private async committed(held: readonly TopicPartition[]): Promise<CommittedByKey> {
    const found = new Map<string, { offset: bigint | undefined; metadata: string | undefined }>();
    for (const topic of new Set(held.map((partition) => partition.topic))) {
      for (const { partition, offset, metadata } of await this.setup.admin.committedOffsets(
        this.setup.options.groupId,
        topic,
      )) {
        found.set(partitionKey({ topic, partition }), { offset, metadata });
      }
    }
    return found;
  }

  private async eachBatch(payload: EachBatchPayload): Promise<void> {
    const { holdings } = this.setup;
    const { batch } = payload;
    const heartbeat = (): Promise<void> => payload.heartbeat();
    this.commitNow = (offsets) => payload.commitOffsetsIfNecessary(offsets);
    while (!this.over && !holdings.settled) {
      await Promise.race([
        this.settling,
        delay(this.setup.options.heartbeatIntervalMs, undefined, { ref: false }),
      ]);
      await heartbeat();
    }
    if (this.over) return;
    const partition = { topic: batch.topic, partition: batch.partition };
    const verdict = holdings.judge(partition, fetchedOffset(batch));
    if (verdict === 'drop') return;
    if (verdict !== 'take') {
      this.consumer.seek({ ...partition, offset: String(verdict) });
      return;
    }
    const { epoch } = holdings;
    const records = batch.messages.map((message) => incoming(partition, message));
    const taken = await this.setup.deliver(
      { ...partition, epoch, records, highWatermark: BigInt(batch.highWatermark) },
      heartbeat,
    );
    if (!taken || holdings.epoch !== epoch) return;
    const last = batch.messages.at(-1);
    if (last) payload.resolveOffset(last.offset);
    holdings.moveTo(partition, BigInt(batch.lastOffset()) + 1n);
  }

  private guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private end(error: Error): void {
    if (this.over) return;
    this.over = true;
    clearInterval(this.stallCheck);
    this.setup.client.sockets.cut('The consumer crashed.');
    this.consumer
      .disconnect()
      .catch((cause: unknown) =>
        this.setup.log?.('debug', 'A crashed consumer did not disconnect', { cause }),
      );
    this.setup.onEnd(error);
  }
}

const refuseAll = (offsets: readonly OffsetCommit[], reason: RefusedCommit['reason']): CommitResult => ({
  committed: [],
  refused: offsets.map(({ topic, partition }) => ({ topic, partition, reason })),
});

function asOffsets(commits: readonly OffsetCommit[]): Offsets {
  const byTopic = new Map<string, { partition: number; offset: string; metadata: string | null }[]>();
  for (const { topic, partition, offset, metadata } of commits) {
    const partitions = byTopic.get(topic) ?? [];
    partitions.push({ partition, offset: String(offset), metadata: metadata ?? null });
    byTopic.set(topic, partitions);
  }
  return { topics: [...byTopic].map(([topic, partitions]) => ({ topic, partitions })) };
}

/** Where the fetch began: kafkajs keeps it on the batch, unnamed in its types. */
function fetchedOffset(batch: Batch & { fetchedOffset?: string }): bigint {
  return BigInt(batch.fetchedOffset ?? batch.firstOffset() ?? '0');
}
