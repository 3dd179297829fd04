import { Database } from '@baton/persistence';
import {
  BatchedReader,
  openResults,
  PollGuard,
  type ResultSources,
  RetryLearner,
  WaitingRoom,
} from '@baton/results';
import { DrainRegistry, serviceLogger } from '@baton/service';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';

const sources = Symbol('where results and their wake-ups come from');

/** Results that are waited for at submit. Nothing is listened to before the first request that waits. */
@Module({})
export class WaitingModule implements OnApplicationShutdown {
  static forRoot({
    databaseUrl,
    redisUrl,
  }: {
    databaseUrl: string;
    redisUrl?: string | undefined;
  }): DynamicModule {
    return {
      module: WaitingModule,
      providers: [
        {
          provide: sources,
          inject: [Database, serviceLogger],
          useFactory: (database: Database, logger: Logger) =>
            openResults({
              databaseUrl,
              redisUrl,
              database,
              applicationName: 'baton-producer',
              log: (message, err) => logger.warn({ err }, message),
            }),
        },
        {
          provide: WaitingRoom,
          inject: [sources],
          useFactory: ({ reader, wakes }: ResultSources) => new WaitingRoom(new BatchedReader(reader), wakes),
        },
        RetryLearner,
        PollGuard,
      ],
      exports: [WaitingRoom, RetryLearner, PollGuard],
    };
  }

  constructor(
    @Inject(WaitingRoom) private readonly room: WaitingRoom,
    @Inject(sources) private readonly sources: ResultSources,
    @Inject(DrainRegistry) drains: DrainRegistry,
  ) {
    drains.add({ name: 'held requests', timeoutMs: 2_000, drain: () => Promise.resolve(room.drain()) });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.room.close();
    await this.sources.close();
  }
}
