import { Database, JobAcceptor, LineAcceptor, listQueues, Notifier, type WakeLog } from '@baton/persistence';
import { DrainRegistry, HealthRegistry, serviceLogger } from '@baton/service';
import { inRootContext } from '@baton/tracing';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';

const applicationName = 'baton-producer';
const drainMs = 10_000;

/** PostgreSQL: its pools, the wake-ups, and the acceptor of jobs. Gone last, when nothing is written any more. */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  static forRoot(databaseUrl: string): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [
        {
          provide: Database,
          useFactory: () => inRootContext(() => Database.open(databaseUrl, { applicationName, max: 16 })),
        },
        {
          provide: Notifier,
          inject: [serviceLogger],
          useFactory: (logger: Logger) => new Notifier(databaseUrl, { applicationName, log: warnBy(logger) }),
        },
        {
          provide: JobAcceptor,
          inject: [Database, Notifier, serviceLogger],
          useFactory: ({ pool }: Database, notifier: Notifier, logger: Logger) =>
            new JobAcceptor(pool, {
              wake: (channel, item) => notifier.wake(channel, item),
              log: warnBy(logger),
            }),
        },
        {
          provide: LineAcceptor,
          inject: [Database, Notifier, serviceLogger],
          useFactory: ({ pool }: Database, notifier: Notifier, logger: Logger) =>
            new LineAcceptor(pool, {
              wake: (channel, item) => notifier.wake(channel, item),
              log: warnBy(logger),
            }),
        },
      ],
      exports: [Database, Notifier, JobAcceptor, LineAcceptor],
    };
  }

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Notifier) private readonly notifier: Notifier,
    @Inject(JobAcceptor) acceptor: JobAcceptor,
    @Inject(HealthRegistry) health: HealthRegistry,
    @Inject(DrainRegistry) drains: DrainRegistry,
  ) {
    health.add({ name: 'postgresql', check: () => listQueues(database.pool, { limit: 1 }) });
    drains.add({ name: 'accept', stage: 'flush', timeoutMs: drainMs, drain: () => acceptor.drain() });
    drains.add({ name: 'wake-ups', stage: 'flush', timeoutMs: drainMs, drain: () => notifier.flush() });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.notifier.close();
    await this.database.close();
  }
}

function warnBy(logger: Logger): WakeLog {
  return (message, err) => logger.warn({ err }, message);
}
