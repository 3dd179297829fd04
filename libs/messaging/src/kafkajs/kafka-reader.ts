import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { BrokerUnavailableError } from '../broker.error.js';
import type { BrokerConsumer, ConsumerOptions } from '../broker-consumer.js';
import { partitionKey, type IncomingBatch } from '../broker-records.js';
import type { BrokerReader, ReaderOptions } from '../broker-reader.js';
import type { KafkaAdmin } from './kafka-admin.js';
import type { BrokerLog } from './kafka-options.js';

const retryDelayMs = 200;

/**
 * kafkajs cannot read without a group: this is the only member of one of its own, which commits
 * nothing and is deleted at `stop` (after a crash the broker drops it, as it has no offsets). A broker's
 * `group.initial.rebalance.delay.ms` (default 3 s) delays the first read by as much.
 *
 * created → reading → caught up → stopped.
 */
export class KafkaReader implements BrokerReader {
  readonly caughtUp: Promise<void>;
  private readonly groupId: string;
  private readonly consumer: BrokerConsumer;
  private readonly next = new Map<string, bigint>();
  /** The ends at `start` that are not reached yet; `undefined` until they are known. */
  private ahead: Map<string, bigint> | undefined;
  private stopping = false;
  private stopped: Promise<void> | undefined;
  private resolve!: () => void;
  private reject!: (error: Error) => void;

  constructor(
    private readonly setup: {
      admin: KafkaAdmin;
      consumer: (options: ConsumerOptions) => BrokerConsumer;
      log: BrokerLog | undefined;
      onStopped: () => void;
    },
    private readonly options: ReaderOptions,
  ) {
    this.groupId = `${options.groupPrefix ?? 'baton.reader'}.${randomUUID()}`;
    this.consumer = setup.consumer({
      groupId: this.groupId,
      topics: options.topics,
      ...(options.maxWaitMs === undefined ? {} : { maxWaitMs: options.maxWaitMs }),
    });
    this.caughtUp = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Who does not wait for it need not handle its rejection.
    this.caughtUp.catch(() => undefined);
  }

  async start(): Promise<void> {
    void this.findEnds();
    await this.consumer.run({
      onRecords: (batch) => this.take(batch),
      onCrash: (error, crashes) => this.options.onCrash?.(error, crashes),
    });
  }

  stop(): Promise<void> {
    this.stopped ??= this.stopOnce();
    return this.stopped;
  }

  private async stopOnce(): Promise<void> {
    this.stopping = true;
    this.reject(
      new BrokerUnavailableError(
        `The reader of ${this.options.topics.join(', ')} was stopped before it had caught up.`,
      ),
    );
    await this.consumer.stop();
    try {
      await this.setup.admin.deleteGroups([this.groupId]);
    } catch (error) {
      this.setup.log?.('debug', "A reader's group was left to the broker to drop", {
        groupId: this.groupId,
        error,
      });
    }
    this.setup.onStopped();
  }

  /** After a reconnect all is read again; only what is new is handed on. */
  private take(batch: IncomingBatch): void {
    const next = this.next.get(partitionKey(batch)) ?? 0n;
    const records = batch.records.filter(({ offset }) => offset >= next);
    const last = records.at(-1);
    if (!last) return;
    this.options.onRecords({ ...batch, records });
    this.next.set(partitionKey(batch), last.offset + 1n);
    this.reached(partitionKey(batch));
  }

  /** Never rejects. */
  private async findEnds(): Promise<void> {
    while (!this.stopping) {
      try {
        const ends = new Map<string, bigint>();
        for (const topic of this.options.topics) {
          for (const { partition, low, high } of await this.setup.admin.topicEndOffsets(topic)) {
            if (low < high) ends.set(partitionKey({ topic, partition }), high);
          }
        }
        this.ahead = ends;
        for (const key of ends.keys()) this.reached(key);
        if (ends.size === 0) this.resolve();
        return;
      } catch (error) {
        this.setup.log?.('warn', 'A reader could not learn the ends of its topics yet', {
          topics: this.options.topics,
          error,
        });
        await delay(retryDelayMs);
      }
    }
  }

  private reached(key: string): void {
    const end = this.ahead?.get(key);
    if (end === undefined || (this.next.get(key) ?? 0n) < end) return;
    this.ahead?.delete(key);
    if (this.ahead?.size === 0) this.resolve();
  }
}
