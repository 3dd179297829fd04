import type { ObjectStore } from '@baton/objects';
import { Database } from '@baton/persistence';
import { DrainRegistry, serviceLogger } from '@baton/service';
import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { objectStore } from '../objects.module.js';
import { ExtendController } from './extend.controller.js';
import { TierKeeper } from './tier-keeper.js';

const drainMs = 10_000;

/** Where results lie as they age: Redis, PostgreSQL, S3, nowhere. */
@Module({
  controllers: [ExtendController],
  providers: [
    {
      provide: TierKeeper,
      inject: [Database, objectStore, serviceLogger],
      useFactory: ({ pool }: Database, objects: ObjectStore | null, logger: Logger) =>
        new TierKeeper(pool, objects ?? undefined, logger),
    },
  ],
})
export class TiersModule implements OnApplicationShutdown {
  constructor(
    @Inject(TierKeeper) private readonly keeper: TierKeeper,
    @Inject(DrainRegistry) drains: DrainRegistry,
  ) {
    drains.add({ name: 'tiers', timeoutMs: drainMs, drain: () => keeper.close() });
    keeper.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.keeper.close();
  }
}
