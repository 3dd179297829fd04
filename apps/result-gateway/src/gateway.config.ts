import { type ConfigOf, fields, optional, type ServiceConfig } from '@baton/service';

/** What the gateway reads from its environment beside what every service does. */
export const gatewayFields = {
  databaseUrl: fields.databaseUrl(),
  redisUrl: optional(fields.redisUrl()),
  auth: fields.auth(),
  masterKey: fields.masterKey(),
  webhookAllow: fields.webhookAllow(),
};

export type GatewayConfig = ServiceConfig & ConfigOf<typeof gatewayFields>;
