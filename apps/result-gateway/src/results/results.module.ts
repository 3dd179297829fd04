import { Database } from '@baton/persistence';
import {
  BatchedReader,
  connectRedis,
  HotResultReader,
  ListenOutcomeWakes,
  PostgresResultReader,
  RedisOutcomeWakes,
  type ResultReader,
  SharedWakes,
  WaitingRoom,
} from '@baton/results';
import { DrainRegistry, HealthRegistry, serviceLogger } from '@baton/service';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { GatewayConfig } from '../gateway.config.js';
import { FileLinks } from './file-links.js';
import { ResultsController } from './results.controller.js';

interface Sources {
  reader: ResultReader;
  wakes: SharedWakes;
  close: () => Promise<void>;
}
const sources = Symbol('where results and their wake-ups come from');

/** Results by poll and long-poll, from Redis where it is configured and PostgreSQL beneath. */
@Module({})
export class ResultsModule implements OnApplicationShutdown {
  static forRoot(config: GatewayConfig): DynamicModule {
    return {
      module: ResultsModule,
      controllers: [ResultsController],
      providers: [
        {
          provide: sources,
          inject: [Database, serviceLogger],
          useFactory: (database: Database, logger: Logger) => sourcesOf(config, database, logger),
        },
        {
          provide: BatchedReader,
          inject: [sources],
          useFactory: ({ reader }: Sources) => new BatchedReader(reader),
        },
        {
          provide: WaitingRoom,
          inject: [BatchedReader, sources],
          useFactory: (reader: BatchedReader, { wakes }: Sources) => new WaitingRoom(reader, wakes),
        },
        { provide: SharedWakes, inject: [sources], useFactory: ({ wakes }: Sources) => wakes },
        { provide: FileLinks, useFactory: () => new FileLinks(config.masterKey) },
      ],
      exports: [BatchedReader, WaitingRoom, SharedWakes],
      global: true,
    };
  }

  constructor(
    @Inject(WaitingRoom) private readonly room: WaitingRoom,
    @Inject(sources) private readonly sources: Sources,
    @Inject(DrainRegistry) drains: DrainRegistry,
    @Inject(HealthRegistry) health: HealthRegistry,
    @Inject(Database) database: Database,
  ) {
    health.add({ name: 'postgres', check: () => database.pool.query('SELECT 1') });
    drains.add({ name: 'held requests', timeoutMs: 2_000, drain: () => Promise.resolve(room.drain()) });
    // Not awaited: a service whose wake-ups come late answers all the same.
    void room.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.room.close();
    await this.sources.close();
  }
}

function sourcesOf(config: GatewayConfig, database: Database, logger: Logger): Sources {
  const log = (message: string, err: Error): void => logger.warn({ err }, message);
  const truth = new PostgresResultReader(database);
  if (config.redisUrl === undefined) {
    const heard = new ListenOutcomeWakes(config.databaseUrl, { applicationName: 'baton-gateway', log });
    return { reader: truth, wakes: new SharedWakes(heard), close: () => Promise.resolve() };
  }
  const redis = connectRedis(config.redisUrl, log);
  return {
    reader: new HotResultReader(redis, truth, log),
    wakes: new SharedWakes(new RedisOutcomeWakes(connectRedis(config.redisUrl, log))),
    close: async () => void (await redis.quit().catch(() => redis.disconnect())),
  };
}
