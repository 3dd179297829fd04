import { Controller, Get, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';

import { Public } from '../auth/route-access.js';
import { runService } from '../boot/run-service.js';
import { serviceLogger } from '../boot/service-core.module.js';
import { withDefault } from '../config/field.js';
import { flag } from '../config/plain.fields.js';
import { DrainRegistry } from '../drain/drain-registry.js';

/** Holds requests until it is drained, as a long-poll does. */
@Injectable()
class Held implements OnApplicationShutdown {
  private readonly release: (() => void)[] = [];

  constructor(
    @Inject(DrainRegistry) drains: DrainRegistry,
    @Inject(serviceLogger) private readonly logger: Logger,
  ) {
    drains.add({ name: 'buffer', stage: 'flush', timeoutMs: 1_000, drain: async () => undefined });
    drains.add({ name: 'held', timeoutMs: 1_000, drain: async () => this.release.forEach((each) => each()) });
  }

  wait(): Promise<void> {
    this.logger.info('holding');
    return new Promise((resolve) => this.release.push(resolve));
  }

  onApplicationShutdown(): void {
    this.logger.info('Nest closed');
  }
}

@Controller()
@Public()
class Routes {
  constructor(@Inject(Held) private readonly held: Held) {}

  @Get('hold')
  async hold(): Promise<string> {
    await this.held.wait();
    return 'released';
  }

  @Get('crash')
  crash(): void {
    setImmediate(() => {
      throw new Error('nobody caught this');
    });
  }
}

@Module({ providers: [Held], controllers: [Routes] })
class StoppingModule {}

@Module({})
class StuckModule {
  constructor(@Inject(DrainRegistry) drains: DrainRegistry) {
    drains.add({ name: 'stuck', timeoutMs: 60_000, drain: () => new Promise(() => undefined) });
    drains.add({ name: 'never reached', timeoutMs: 1, drain: async () => undefined });
  }
}

await runService({
  name: 'stopping',
  config: { stuck: withDefault(flag('STUCK'), false) },
  module: ({ stuck }) => (stuck ? StuckModule : StoppingModule),
});
