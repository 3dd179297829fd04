import { fields, optional, type ConfigOf, type ServiceConfig } from '@baton/service';

/** What the relay reads from its environment beside what every service does. */
export const relayFields = {
  /** A direct connection, or one through a pooler in session mode. */
  databaseUrl: fields.databaseUrl(),
  /** Without it the relay runs its timers alone. */
  kafka: optional(fields.kafka()),
  /** Without it settled outcomes are told over PostgreSQL. */
  redisUrl: optional(fields.redisUrl()),
  /** Of queues that event workers announce and nobody has made. */
  dispatchMode: fields.dispatchMode(),
};

export type RelayConfig = ServiceConfig & ConfigOf<typeof relayFields>;
