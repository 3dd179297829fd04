import { fields, optional, type ConfigOf, type ServiceConfig } from '@baton/service';

/** What the producer reads from its environment beside what every service does. */
export const producerFields = {
  databaseUrl: fields.databaseUrl(),
  /** Where results that are waited for at submit are read and heard of sooner. */
  redisUrl: optional(fields.redisUrl()),
  /** Where files lie that are too large for PostgreSQL. */
  s3: optional(fields.s3()),
  auth: fields.auth(),
  masterKey: fields.masterKey(),
  webhookAllow: fields.webhookAllow(),
};

export type ProducerConfig = ServiceConfig & ConfigOf<typeof producerFields>;
