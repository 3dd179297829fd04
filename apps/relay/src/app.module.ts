import { listQueues } from '@baton/persistence';
import { DrainRegistry, HealthRegistry, serviceLogger } from '@baton/service';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { RelayConfig } from './relay.config.js';
import { Relay } from './relay.js';

/** Sends are bounded by 15 s, the inbox's last rounds by 5 s. */
const drainMs = 25_000;

@Module({})
export class AppModule implements OnApplicationShutdown {
  static forRoot(config: RelayConfig): DynamicModule {
    return {
      module: AppModule,
      providers: [
        {
          provide: Relay,
          inject: [serviceLogger],
          useFactory: (logger: Logger) => Relay.open(config, logger),
        },
      ],
    };
  }

  constructor(
    @Inject(Relay) private readonly relay: Relay,
    @Inject(HealthRegistry) health: HealthRegistry,
    @Inject(DrainRegistry) drains: DrainRegistry,
  ) {
    const { database, leadership, kafka } = relay;
    health.add({ name: 'postgresql', check: () => listQueues(database.pool, { limit: 1 }) });
    health.add({
      name: 'leadership',
      check: () =>
        leadership.connected
          ? Promise.resolve()
          : Promise.reject(new Error('it has no session that could hold shards')),
    });
    // The timers go on without the broker, so it does not make the relay unready.
    if (kafka) {
      health.add({
        name: 'kafka',
        required: false,
        check: async () => {
          if (!(await kafka.broker.ping())) throw new Error('no broker answers');
        },
      });
    }
    drains.add({ name: 'relay', timeoutMs: drainMs, drain: () => this.relay.stop() });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.relay.close();
  }
}
