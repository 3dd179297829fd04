import { logLevel } from '../config/baton.fields.js';
import { optional, withDefault, type ConfigOf } from '../config/field.js';
import { host } from '../config/network.fields.js';
import { duration, flag, port } from '../config/plain.fields.js';
import { allowedOrigins } from '../config/url.fields.js';

/** What every service reads from its environment, whatever it does. */
export function serviceFields(defaultPort: number) {
  return {
    host: host(),
    port: withDefault(port(), defaultPort),
    /** Unset: no metrics are served. 0: on a free port, which the log names. */
    metricsPort: optional(port('METRICS_PORT')),
    logLevel: logLevel(),
    logPretty: withDefault(flag('LOG_PRETTY'), false),
    allowedOrigins: withDefault(allowedOrigins(), []),
    /** How long a service that is told to stop goes on as before while `/readyz` says `draining`. */
    readyDrainMs: withDefault(duration('READY_DRAIN_MS', { max: 300_000 }), 0),
  };
}

export type ServiceConfig = ConfigOf<ReturnType<typeof serviceFields>>;
