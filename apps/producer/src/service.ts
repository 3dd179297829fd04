import { defineService } from '@baton/service';
import { AppModule } from './app.module.js';
import { configureHttp } from './configure-http.js';
import { producerFields } from './producer.config.js';

/** The job API. */
export const producer = defineService({
  name: 'producer',
  port: 3000,
  config: producerFields,
  module: (config) => AppModule.forRoot(config),
  hooks: { configure: configureHttp },
});
