import { type ConfigOf, fields, optional, type ServiceConfig } from '@baton/service';

/** What the gateway reads from its environment beside what every service does. */
export const gatewayFields = {
  databaseUrl: fields.databaseUrl(),
  redisUrl: optional(fields.redisUrl()),
  /** Where files lie that are too large for PostgreSQL. */
  s3: optional(fields.s3()),
  auth: fields.auth(),
  masterKey: fields.masterKey(),
  webhookAllow: fields.webhookAllow(),
};

export type GatewayConfig = ServiceConfig & ConfigOf<typeof gatewayFields>;
