import { Module, type DynamicModule } from '@nestjs/common';
import { EchoController } from './handlers/echo.controller.js';
import { FailController } from './handlers/fail.controller.js';
import { loadHandlers } from './handlers/load-handlers.js';
import { RenderController } from './handlers/render.controller.js';
import { SleepController } from './handlers/sleep.controller.js';
import type { WorkerConfig } from './worker.config.js';

@Module({ controllers: [EchoController, SleepController, FailController, RenderController] })
export class AppModule {
  /** The built-in handlers, and the user's. */
  static forRoot({ handlers }: WorkerConfig): DynamicModule {
    return { module: AppModule, imports: handlers === undefined ? [] : [loadHandlers(handlers)] };
  }
}
