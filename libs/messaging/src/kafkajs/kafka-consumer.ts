import { setTimeout as delay } from 'node:timers/promises';
import type {
  BrokerConsumer,
  CommitResult,
  ConsumerEvents,
  ConsumerOptions,
  HandOver,
  OffsetCommit,
  Sequential,
} from '../broker-consumer.js';
import { partitionKey, type IncomingBatch, type TopicPartition } from '../broker-records.js';
import { ConsumerSession, type SessionSetup } from './consumer-session.js';
import { EndWatch } from './end-watch.js';
import { Holdings } from './holdings.js';
import type { KafkaAdmin } from './kafka-admin.js';
import { kafkaClient } from './kafka-client.js';
import type { KafkaOptions } from './kafka-options.js';

type Work = (batch: IncomingBatch, heartbeat: () => Promise<void>) => Promise<void>;

/** The waits after failures in a row: doubled from the first, up to the last. */
const firstDelayMs = 200;
const lastDelayMs = 5_000;
const pauseAfter = (failures: number): number =>
  Math.min(lastDelayMs, firstDelayMs * 2 ** Math.min(failures - 1, 10));

/**
 * created → running → stopping → stopped. While running, one {@link ConsumerSession} after another:
 * when one ends, all partitions are lost and the next begins after a pause.
 */
export class KafkaConsumer implements BrokerConsumer {
  private readonly options: Required<ConsumerOptions>;
  private readonly holdings = new Holdings();
  private readonly paused = new Set<string>();
  private state: 'created' | 'running' | 'stopping' | 'stopped' = 'created';
  private session: ConsumerSession | undefined;
  private restart: NodeJS.Timeout | undefined;
  private endWatch: EndWatch | undefined;
  private commits: Promise<unknown> = Promise.resolve();
  private stopped: Promise<void> | undefined;
  private readonly failures = new Map<string, number>();
  private crashes = 0;
  private crashesInRow = 0;

  constructor(
    private readonly kafka: KafkaOptions,
    private readonly admin: KafkaAdmin,
    options: ConsumerOptions,
    private readonly onStopped: () => void,
  ) {
    this.options = {
      heartbeatIntervalMs: 1_000,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 30_000,
      maxWaitMs: 250,
      minBytes: 1,
      maxBytes: 4 * 1_048_576,
      maxBytesPerPartition: 1_048_576,
      stopTimeoutMs: 10_000,
      ...options,
    };
  }

  run(handlers: HandOver): Promise<void> {
    // Handing over takes no time; the figure bounds how many partitions may wait at once after a failure.
    return this.begin(handlers, 16, (batch) => {
      handlers.onRecords(batch);
      return Promise.resolve();
    });
  }

  runSequential(handlers: Sequential): Promise<void> {
    return this.begin(handlers, handlers.concurrency ?? 1, async (batch, heartbeat) => {
      const beats = setInterval(() => {
        heartbeat().catch((error: unknown) => {
          // kafkajs beats again when the batch is done, and acts on the answer.
          this.kafka.log?.('debug', 'A heartbeat failed while a batch is handled', {
            groupId: this.options.groupId,
            error,
          });
        });
      }, this.options.heartbeatIntervalMs);
      try {
        await handlers.onBatch(batch);
      } finally {
        clearInterval(beats);
      }
      await this.commitBatch(batch);
    });
  }

  pause(partitions: readonly TopicPartition[]): void {
    const ours = partitions.filter((partition) => this.holdings.has(partition));
    for (const partition of ours) this.paused.add(partitionKey(partition));
    this.session?.pause(ours);
  }

  resume(partitions: readonly TopicPartition[]): void {
    const ours = partitions.filter((partition) => this.paused.delete(partitionKey(partition)));
    this.session?.resume(ours);
  }

  commit(offsets: readonly OffsetCommit[]): Promise<CommitResult> {
    const { session } = this;
    if (this.state !== 'running' || !session) {
      const reason = this.state === 'running' ? 'rebalancing' : 'stopping';
      return Promise.resolve({
        committed: [],
        refused: offsets.map(({ topic, partition }) => ({ topic, partition, reason })),
      });
    }
    return this.inTurn(() => session.commit(offsets));
  }

  assigned(): TopicPartition[] {
    return this.holdings.partitions();
  }

  isHealthy(): boolean {
    return this.session?.isHealthy() ?? false;
  }

  stop(): Promise<void> {
    this.stopped ??= this.stopOnce();
    return this.stopped;
  }

  private async stopOnce(): Promise<void> {
    this.state = 'stopping';
    clearTimeout(this.restart);
    this.endWatch?.stop();
    await this.commits;
    await this.session?.stop();
    this.holdings.clear();
    this.state = 'stopped';
    this.onStopped();
  }

  private async begin(handlers: ConsumerEvents, concurrency: number, work: Work): Promise<void> {
    if (this.state !== 'created')
      throw new Error(
        `The consumer of the group ${this.options.groupId} is ${this.state}; it can be run once.`,
      );
    this.state = 'running';
    if (handlers.onEndReached)
      this.endWatch = new EndWatch(
        this.holdings,
        this.admin,
        (ends) => handlers.onEndReached?.(ends),
        this.kafka.log,
      );
    const events = this.watched(handlers);
    await this.startSession(events, {
      concurrency,
      deliver: async (batch, heartbeat) => {
        try {
          await work(batch, heartbeat);
          this.failures.delete(partitionKey(batch));
          return true;
        } catch (error) {
          await this.failed(batch, error, events);
          return false;
        }
      },
    });
  }

  /** The handlers' events, with what this class itself does at them. */
  private watched(handlers: ConsumerEvents): ConsumerEvents {
    return {
      onAssigned: (assignment) => {
        this.crashesInRow = 0;
        handlers.onAssigned?.(assignment);
      },
      onLost: (lost) => {
        for (const partition of lost) this.paused.delete(partitionKey(partition));
        handlers.onLost?.(lost);
      },
      onRebalancing: () => handlers.onRebalancing?.(),
      onCrash: (error, crashes) => handlers.onCrash?.(error, crashes),
      onBatchFailed: (batch, error) => handlers.onBatchFailed?.(batch, error),
    };
  }

  private async startSession(
    events: ConsumerEvents,
    delivery: Pick<SessionSetup, 'concurrency' | 'deliver'>,
  ): Promise<void> {
    this.session = new ConsumerSession({
      ...delivery,
      client: kafkaClient(this.kafka, `${this.kafka.clientId}.${this.options.groupId}`),
      options: this.options,
      holdings: this.holdings,
      admin: this.admin,
      events,
      log: this.kafka.log,
      onEnd: (error) => {
        if (this.state !== 'running') return;
        this.crashes += 1;
        this.crashesInRow += 1;
        this.session = undefined;
        this.restart = setTimeout(
          () => void this.startSession(events, delivery),
          pauseAfter(this.crashesInRow),
        );
        this.kafka.log?.('debug', 'A consumer crashed and will join again', {
          groupId: this.options.groupId,
          crashes: this.crashes,
          error,
        });
        const lost = this.holdings.clear();
        if (lost.length > 0) events.onLost?.(lost);
        events.onCrash?.(error, this.crashes);
      },
    });
    await this.session.start();
  }

  private async failed(batch: IncomingBatch, error: unknown, events: ConsumerEvents): Promise<void> {
    const failures = (this.failures.get(partitionKey(batch)) ?? 0) + 1;
    this.failures.set(partitionKey(batch), failures);
    this.kafka.log?.('error', 'A batch was not handled and will come again', {
      topic: batch.topic,
      partition: batch.partition,
      failures,
      error,
    });
    events.onBatchFailed?.(batch, error);
    await delay(pauseAfter(failures), undefined, { ref: false });
  }

  /** Also while stopping: the batch was begun before. What cannot be committed is read again, as after any failure. */
  private async commitBatch({ topic, partition, records }: IncomingBatch): Promise<void> {
    const { session } = this;
    const last = records.at(-1);
    if (!session || !last) return;
    try {
      await this.inTurn(() => session.commit([{ topic, partition, offset: last.offset + 1n }]));
    } catch (error) {
      this.kafka.log?.('warn', 'A handled batch could not be committed', { topic, partition, error });
    }
  }

  private inTurn<T>(call: () => Promise<T>): Promise<T> {
    const turn = this.commits.then(call);
    this.commits = turn.catch(() => undefined);
    return turn;
  }
}
