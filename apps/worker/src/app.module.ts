import { Module, type DynamicModule } from '@nestjs/common';
import { EchoController } from './handlers/echo.controller.js';
import { FailController } from './handlers/fail.controller.js';
import { HttpController } from './http/http.controller.js';
import { HttpCalls } from './http/http-calls.js';
import { loadHandlers } from './handlers/load-handlers.js';
import { RenderController } from './handlers/render.controller.js';
import { SleepController } from './handlers/sleep.controller.js';
import type { WorkerConfig } from './worker.config.js';

@Module({ controllers: [EchoController, SleepController, FailController, RenderController, HttpController] })
export class AppModule {
  /** The built-in handlers, and the user's. */
  static forRoot({ handlers, masterKey, webhookAllow }: WorkerConfig): DynamicModule {
    const calls = { provide: HttpCalls, useFactory: () => new HttpCalls({ masterKey, allow: webhookAllow }) };
    return {
      module: AppModule,
      imports: handlers === undefined ? [] : [loadHandlers(handlers)],
      providers: [calls],
    };
  }
}
