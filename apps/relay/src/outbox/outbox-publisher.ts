import { shardCount, timing } from '@baton/contracts';
import type { BrokerAdmin, BrokerProducer } from '@baton/messaging';
import {
  type CancelReport,
  findOutboxTopics,
  outboxTopicKey,
  type Database,
  type OutboxTopic,
  type SettleReport,
  type Term,
} from '@baton/persistence';
import { inRootContext, wakes } from '@baton/tracing';
import type { Logger } from 'pino';
import type { ShardFollower } from '../leadership/shard-follower.js';
import { OutboxEraser } from './outbox-eraser.js';
import { OutboxFetcher } from './outbox-fetcher.js';
import { PublishWindows } from './publish-windows.js';
import { topicsOf } from './topic-name.js';
import { TopicPublisher } from './topic-publisher.js';
import { TopicPump } from './topic-pump.js';

export interface OutboxPublisherOptions {
  database: Database;
  replicaId: string;
  producer: BrokerProducer;
  admin: BrokerAdmin;
  epochOf: (shard: number) => number | undefined;
  onSettled: (report: SettleReport) => Promise<void>;
  /** What was not sent since its cancel was requested. */
  onCancelled: (report: CancelReport) => Promise<void>;
  log: Logger;
  random?: () => number;
  sweepMs?: number;
}

/** The pause before a look that failed is repeated. */
const lookAgainMs = 1_000;

/**
 * Publishes the outbox rows of the shards that this replica leads; each topic has a pump of its own, so that a
 * full window, a missing topic or a flood of one stops no other. Woken by notifications, by takeovers, and each
 * 30 s by a sweep.
 */
export class OutboxPublisher implements ShardFollower {
  private readonly pumps = new Map<string, TopicPump>();
  private readonly shards = new Set<number>();
  private readonly fetcher: OutboxFetcher;
  private readonly eraser: OutboxEraser;
  private readonly windows: PublishWindows;
  private readonly looks = new Set<Promise<void>>();
  private sweeps: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: OutboxPublisherOptions) {
    const { pool } = options.database;
    this.fetcher = new OutboxFetcher(pool);
    this.eraser = new OutboxEraser(pool, options);
    this.windows = new PublishWindows(pool);
  }

  start(): void {
    const sweep = (): void => this.look([...this.shards], 'sweep');
    this.sweeps = inRootContext(() => setInterval(sweep, this.options.sweepMs ?? timing.sweepMs));
  }

  /** Some of these queues' rows may be ours. */
  wake(queues: readonly string[]): void {
    if (this.shards.size === 0) return;
    wakes.inc({ source: 'notify' });
    for (const queue of queues) for (const topic of topicsOf(queue)) this.pumpOf(topic).wake();
  }

  /** Nobody listened for a while: what is there must be looked for. */
  wakeAll(): void {
    this.look([...this.shards], 'sweep');
  }

  settingsChanged(queues: readonly string[]): void {
    this.windows.forget(queues);
    this.wake(queues);
  }

  onShardsTaken(terms: readonly Term[]): void {
    const taken = terms.map((term) => term.shard).filter((shard) => shard < shardCount);
    for (const shard of taken) this.shards.add(shard);
    for (const pump of this.pumps.values()) pump.forget(taken);
    this.look(taken, 'sweep');
  }

  onShardsLost(shards: readonly number[]): void {
    for (const shard of shards) this.shards.delete(shard);
  }

  async releaseShards(shards: readonly number[]): Promise<void> {
    this.onShardsLost(shards);
    await Promise.all([...this.pumps.values()].map((pump) => pump.quiet()));
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.sweeps);
    await Promise.all(this.looks);
    await Promise.all([...this.pumps.values()].map((pump) => pump.close()));
  }

  /** Finds the topics that have rows, below their marks too. */
  private look(shards: readonly number[], source: 'sweep'): void {
    if (shards.length === 0 || this.closed) return;
    wakes.inc({ source });
    const look = inRootContext(() => this.lookNow(shards)).finally(() => this.looks.delete(look));
    this.looks.add(look);
  }

  private async lookNow(shards: readonly number[]): Promise<void> {
    try {
      const found = await findOutboxTopics(this.options.database.pool, shards);
      if (this.closed) return;
      for (const topic of found) this.pumpOf(topic).wake();
    } catch (error) {
      this.options.log.warn({ err: error }, 'the look for topics failed; it is repeated');
      setTimeout(() => this.look(shards, 'sweep'), lookAgainMs).unref();
    }
  }

  private pumpOf({ queue, priority }: OutboxTopic): TopicPump {
    const topic = { queue, priority };
    const key = outboxTopicKey(topic);
    let pump = this.pumps.get(key);
    if (!pump) this.pumps.set(key, (pump = this.newPump(topic)));
    return pump;
  }

  private newPump(topic: OutboxTopic): TopicPump {
    const { database, replicaId, producer, admin, epochOf, onSettled, onCancelled, log, random } =
      this.options;
    const publisher = new TopicPublisher(topic, {
      database,
      replicaId,
      producer,
      admin,
      eraser: this.eraser,
      windows: this.windows,
      sendableEpoch: (shard) => (this.shards.has(shard) ? epochOf(shard) : undefined),
      onSettled,
      onCancelled,
      log,
    });
    return new TopicPump(topic, {
      fetcher: this.fetcher,
      publisher,
      shards: () => [...this.shards],
      log,
      ...(random && { random }),
    });
  }
}
