import type { ObjectStore } from '@baton/objects';
import { Database } from '@baton/persistence';
import {
  BatchedReader,
  openResults,
  PollGuard,
  type ResultSources,
  RetryLearner,
  SharedWakes,
  WaitingRoom,
} from '@baton/results';
import { DrainRegistry, HealthRegistry, serviceLogger } from '@baton/service';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Acknowledgements } from '../events/acknowledgements.js';
import type { GatewayConfig } from '../gateway.config.js';
import { objectStore } from '../objects.module.js';
import { FileLinks } from './file-links.js';
import { ResultFiles } from './result-files.js';
import { ResultsController } from './results.controller.js';

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
          useFactory: (database: Database, logger: Logger) =>
            openResults({
              ...config,
              database,
              applicationName: 'baton-gateway',
              log: (message, err) => logger.warn({ err }, message),
            }),
        },
        {
          provide: BatchedReader,
          inject: [sources],
          useFactory: ({ reader }: ResultSources) => new BatchedReader(reader),
        },
        {
          provide: WaitingRoom,
          inject: [BatchedReader, sources],
          useFactory: (reader: BatchedReader, { wakes }: ResultSources) => new WaitingRoom(reader, wakes),
        },
        { provide: SharedWakes, inject: [sources], useFactory: ({ wakes }: ResultSources) => wakes },
        Acknowledgements,
        RetryLearner,
        PollGuard,
        { provide: FileLinks, useFactory: () => new FileLinks(config.masterKey) },
        {
          provide: ResultFiles,
          inject: [Database, FileLinks, objectStore],
          useFactory: (database: Database, links: FileLinks, objects: ObjectStore | null) =>
            new ResultFiles(database, links, objects ?? undefined),
        },
      ],
      exports: [BatchedReader, WaitingRoom, SharedWakes, Acknowledgements, RetryLearner, PollGuard],
      global: true,
    };
  }

  constructor(
    @Inject(WaitingRoom) private readonly room: WaitingRoom,
    @Inject(sources) private readonly sources: ResultSources,
    @Inject(DrainRegistry) drains: DrainRegistry,
    @Inject(HealthRegistry) health: HealthRegistry,
    @Inject(Database) database: Database,
  ) {
    health.add({ name: 'postgresql', check: () => database.pool.query('SELECT 1') });
    // Copies alone lie there: all goes on without it.
    if (sources.ping) health.add({ name: 'redis', required: false, check: sources.ping });
    drains.add({ name: 'held requests', timeoutMs: 2_000, drain: () => Promise.resolve(room.drain()) });
    // Not awaited: a service whose wake-ups come late answers all the same.
    void room.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.room.close();
    await this.sources.close();
  }
}
