import { Database, keyStore } from '@baton/persistence';
import { AuthModule, deriveJobTokenKey } from '@baton/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { DatabaseModule } from './database.module.js';
import { EventsModule } from './events/events.module.js';
import type { GatewayConfig } from './gateway.config.js';
import { ObjectsModule } from './objects.module.js';
import { ResultsModule } from './results/results.module.js';
import { StreamModule } from './stream/stream.module.js';
import { TiersModule } from './tiers/tiers.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

@Module({})
export class AppModule {
  static forRoot(config: GatewayConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        DatabaseModule.forRoot(config),
        AuthModule.forRoot({
          inject: [Database],
          useFactory: (database: Database) => ({
            mode: config.auth,
            jobTokenKey: deriveJobTokenKey(config.masterKey),
            ...keyStore(database.pool),
          }),
        }),
        ObjectsModule.forRoot(config),
        ResultsModule.forRoot(config),
        WebhooksModule.forRoot(config),
        EventsModule,
        TiersModule,
        StreamModule.forRoot(config),
      ],
    };
  }
}
