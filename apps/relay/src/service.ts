import { defineService } from '@baton/service';
import { AppModule } from './app.module.js';
import { relayFields } from './relay.config.js';
import { Relay } from './relay.js';

/** The bridge between PostgreSQL and Kafka, and the timers. */
export const relay = defineService({
  name: 'relay',
  port: 3003,
  config: relayFields,
  module: (config) => AppModule.forRoot(config),
  hooks: { started: (app) => app.get(Relay).start() },
});
