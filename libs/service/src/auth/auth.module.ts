import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';

import { ApiKeyGuard } from './api-key.guard.js';
import { Authenticator, type AuthOptions } from './authenticator.js';

/** How an app makes its `AuthOptions` out of its own providers. */
export interface AuthModuleOptions {
  imports?: ModuleMetadata['imports'];
  inject?: FactoryProvider['inject'];
  useFactory: FactoryProvider<AuthOptions>['useFactory'];
}

/** Closes every HTTP route of the app that is not `@Public()`, and gives `Authenticator` to raw routes. */
@Module({})
export class AuthModule {
  static forRoot({ imports = [], inject = [], useFactory }: AuthModuleOptions): DynamicModule {
    const authenticator: FactoryProvider<Authenticator> = {
      provide: Authenticator,
      inject,
      useFactory: async (...dependencies: unknown[]) => new Authenticator(await useFactory(...dependencies)),
    };
    return {
      module: AuthModule,
      global: true,
      imports,
      providers: [authenticator, { provide: APP_GUARD, useClass: ApiKeyGuard }],
      exports: [Authenticator],
    };
  }
}
