import { Database } from '@baton/persistence';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { GatewayConfig } from './gateway.config.js';

@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  static forRoot({ databaseUrl }: GatewayConfig): DynamicModule {
    const database = {
      provide: Database,
      useFactory: () => Database.open(databaseUrl, { applicationName: 'baton-gateway' }),
    };
    return { module: DatabaseModule, global: true, providers: [database], exports: [Database] };
  }

  constructor(@Inject(Database) private readonly database: Database) {}

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
