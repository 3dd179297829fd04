import { Module, type DynamicModule, type Type } from '@nestjs/common';
import type { Logger } from 'pino';

import { DrainRegistry } from '../drain/drain-registry.js';
import { HealthController } from '../health/health.controller.js';
import { HealthRegistry } from '../health/health-registry.js';

/** Injects the service's pino logger where Nest's own `Logger` does not do. */
export const serviceLogger = Symbol('baton service logger');

/** What every module of a service may inject: `HealthRegistry`, `DrainRegistry` and the logger. */
@Module({})
export class ServiceCoreModule {
  static around(app: Type | DynamicModule, logger: Logger): DynamicModule {
    return {
      module: ServiceCoreModule,
      global: true,
      imports: [app],
      controllers: [HealthController],
      providers: [HealthRegistry, DrainRegistry, { provide: serviceLogger, useValue: logger }],
      exports: [HealthRegistry, DrainRegistry, serviceLogger],
    };
  }
}
