import { type ConfigOf, fields, optional, type ServiceConfig } from '@baton/service';

/** What the gateway reads from its environment beside what every service does. */
export const gatewayFields = {
  databaseUrl: fields.databaseUrl(),
  redisUrl: optional(fields.redisUrl()),
  auth: fields.auth(),
  masterKey: fields.masterKey(),
};

export type GatewayConfig = ServiceConfig & ConfigOf<typeof gatewayFields>;
