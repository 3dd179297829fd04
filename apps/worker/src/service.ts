import { defineService, DrainRegistry, HealthRegistry, serviceLogger } from '@baton/service';
import { connectJobServer } from '@baton/worker-kit';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { openSource } from './source/open-source.js';
import { workerFields } from './worker.config.js';

/** Beyond the handlers' grace: to let go of an abort, and to tell the last outcomes. */
const drainReserveMs = 20_000;

/** Runs handlers. */
export const worker = defineService({
  name: 'worker',
  config: workerFields,
  module: (config) => AppModule.forRoot(config),
  hooks: {
    configure: async (app, config) => {
      const source = await openSource(config, app.get<Logger>(serviceLogger));
      connectJobServer(app, source.server);
      for (const check of source.checks) app.get(HealthRegistry).add(check);
      const timeoutMs = config.drainGraceMs + drainReserveMs;
      app.get(DrainRegistry).add({ name: 'jobs', timeoutMs, drain: () => source.close() });
    },
  },
});
