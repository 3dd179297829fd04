import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { channels, timersShard, timing } from '@baton/contracts';
import { connectKafka, type Broker, type BrokerProducer } from '@baton/messaging';
import { Database, LeaderSession, Listener, Notifier, type WakeLog } from '@baton/persistence';
import { connectRedis, NotifyOutcomeFeed, RedisOutcomeFeed, type OutcomeFeed } from '@baton/results';
import { inRootContext } from '@baton/tracing';
import type { Logger } from 'pino';
import { Announcer } from './announce/announcer.js';
import { Inbox } from './inbox/inbox.js';
import { Leadership } from './leadership/leadership.js';
import { collectAudit } from './metrics/audit-gauge.js';
import { collectBacklog } from './metrics/backlog-gauges.js';
import { OutboxPublisher } from './outbox/outbox-publisher.js';
import type { RelayConfig } from './relay.config.js';
import { Timers } from './timers/timers.js';

const applicationName = 'baton-relay';

/** The parts that need a broker. */
interface KafkaParts {
  broker: Broker;
  producer: BrokerProducer;
  publisher: OutboxPublisher;
  inbox: Inbox;
}

/**
 * One replica of the relay: what leads (outbox, timers) follows leadership, what reads (inbox) follows the
 * broker's group. opened → (start) working → (stop) stopped. Without Kafka it runs the timers alone; with it, it
 * starts whether or not the broker is there, and goes on trying.
 */
export class Relay {
  readonly replicaId = randomUUID();
  readonly leadership: Leadership;
  readonly kafka: KafkaParts | undefined;
  private readonly notifier: Notifier;
  private readonly listener: Listener;
  private readonly feed: OutcomeFeed;
  private readonly announcer: Announcer;
  private readonly timers: Timers;
  private readonly stopCollecting: (() => void)[];
  private probes: NodeJS.Timeout | undefined;

  /** @throws what pg throws when PostgreSQL cannot be reached */
  static async open(config: RelayConfig, log: Logger): Promise<Relay> {
    const database = await inRootContext(() =>
      Database.open(config.databaseUrl, { applicationName, max: 8, plansOnce: true }),
    );
    return new Relay(config, database, log);
  }

  private constructor(
    config: RelayConfig,
    readonly database: Database,
    private readonly log: Logger,
  ) {
    const wakeLog: WakeLog = (message, error) => log.warn({ err: error }, message);
    this.notifier = new Notifier(config.databaseUrl, { applicationName, log: wakeLog });
    this.feed = config.redisUrl
      ? new RedisOutcomeFeed(connectRedis(config.redisUrl, wakeLog), wakeLog)
      : new NotifyOutcomeFeed(this.notifier);
    this.announcer = new Announcer(this.notifier, this.feed);
    this.leadership = new Leadership({ openSession: () => this.openSession(config.databaseUrl), log });
    this.kafka = config.kafka && this.connect(config.kafka, config.dispatchMode);
    this.timers = new Timers({
      database,
      announcer: this.announcer,
      kafka: this.kafka,
      sinceReconnectMs: () => this.leadership.sinceReconnectMs(),
      log,
    });
    this.listener = this.newListener(config.databaseUrl, wakeLog);
    this.leadership.follow(this.timers);
    if (this.kafka) this.leadership.follow(this.kafka.publisher);
    if (this.kafka) this.leadership.follow(this.kafka.inbox);
    const isReporter = (): boolean => this.leadership.epochOf(timersShard) !== undefined;
    this.stopCollecting = [
      collectBacklog(database.pool, isReporter),
      collectAudit(database.pool, isReporter),
    ];
  }

  /** @throws PooledSessionError behind a transaction pooler */
  async start(): Promise<void> {
    await this.leadership.start();
    await this.listener.start();
    this.kafka?.publisher.start();
    // Not awaited: without the broker there is nothing to wait for, and the timers go on.
    this.kafka?.inbox
      .start()
      .catch((error: unknown) => this.log.error({ err: error }, 'the inbox could not start'));
    this.probes = inRootContext(() => setInterval(() => void this.listener.probe(), timing.sweepMs));
  }

  /** Gives the shards back once nothing of them is under way, finishes what the inbox has read, and lets go. */
  async stop(): Promise<void> {
    clearInterval(this.probes);
    await Promise.all([this.leadership.stop(), this.kafka?.inbox.stop()]);
    await this.timers.stop();
    await this.kafka?.publisher.close();
    await this.listener.close();
    await this.announcer.flush();
    await this.feed.close();
    await this.notifier.close();
  }

  /** After `stop`: the connections that checks of health still use. */
  async close(): Promise<void> {
    for (const stop of this.stopCollecting) stop();
    await this.kafka?.broker.close();
    await this.database.close();
  }

  private openSession(url: string): Promise<LeaderSession> {
    const { replicaId } = this;
    return LeaderSession.open(url, {
      applicationName: `${applicationName}-leader`,
      replicaId,
      host: hostname(),
      pid: process.pid,
    });
  }

  private connect(
    kafka: NonNullable<RelayConfig['kafka']>,
    defaultMode: RelayConfig['dispatchMode'],
  ): KafkaParts {
    const { database, replicaId, announcer, log } = this;
    const { brokers, ssl, sasl } = kafka;
    const broker = connectKafka({
      brokers,
      clientId: applicationName,
      log: (level, message, fields) => log[level]({ kafka: fields }, message),
      ...(ssl && { tls: ssl }),
      ...(sasl && { sasl: sasl as NonNullable<Parameters<typeof connectKafka>[0]['sasl']> }),
    });
    const producer = broker.producer({ name: applicationName });
    const publisher = new OutboxPublisher({
      database,
      replicaId,
      producer,
      admin: broker.admin,
      epochOf: (shard) => this.leadership.epochOf(shard),
      onSettled: (report) => announcer.settled(report),
      onCancelled: (report) => announcer.cancelled(report),
      log,
    });
    const inbox = new Inbox({ database, broker, producer, announcer, defaultMode, log });
    return { broker, producer, publisher, inbox };
  }

  private newListener(url: string, log: WakeLog): Listener {
    return new Listener(url, {
      applicationName,
      channels: {
        [channels.outbox]: (queues) => this.kafka?.publisher.wake(queues),
        [channels.timers]: (times) => this.timers.wakeDue(times.map(Number).filter(Number.isFinite)),
        [channels.gates]: (times) => this.timers.wakeGates(times.map(Number).filter(Number.isFinite)),
        [channels.schedules]: () => this.timers.schedulesChanged(),
        [channels.admission]: () => this.timers.wakeAdmission(),
        [channels.followUps]: () => this.timers.wakeFollowUps(),
        [channels.cancels]: () => this.timers.cancelsRequested(),
        [channels.operations]: () => this.timers.operationsBegun(),
        [channels.queues]: (queues) => {
          this.kafka?.publisher.settingsChanged(queues);
          this.timers.queuesChanged();
        },
      },
      // What came while nobody listened must be looked for.
      onConnect: () => {
        this.kafka?.publisher.wakeAll();
        this.timers.wakeAll();
      },
      log,
    });
  }
}
