import { fields, type ConfigOf, type ServiceConfig } from '@baton/service';

/** What the producer reads from its environment beside what every service does. */
export const producerFields = {
  databaseUrl: fields.databaseUrl(),
  auth: fields.auth(),
  masterKey: fields.masterKey(),
};

export type ProducerConfig = ServiceConfig & ConfigOf<typeof producerFields>;
