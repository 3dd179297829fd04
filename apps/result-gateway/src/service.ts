import { defineService, setupOpenApi } from '@baton/service';
import { AppModule } from './app.module.js';
import { gatewayFields } from './gateway.config.js';

/** Results, in every way a client can take them. */
export const resultGateway = defineService({
  name: 'result-gateway',
  port: 3001,
  config: gatewayFields,
  module: (config) => AppModule.forRoot(config),
  hooks: {
    configure: async (app) => {
      await setupOpenApi(app, {
        title: 'Baton: results',
        version: '1',
        alsoAnswers: { EventsController_read: 'text/event-stream' },
      });
    },
  },
});
