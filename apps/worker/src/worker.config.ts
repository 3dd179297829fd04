import { fields, optional, withDefault, type ConfigOf, type ServiceConfig } from '@baton/service';
import { source } from './source/source.field.js';

/** What a worker reads from its environment beside what every service does. */
export const workerFields = {
  source: source(),
  redisUrl: optional(fields.redisUrl()),
  /** Where large results go, and uploads are read. */
  s3: optional(fields.s3()),
  /** Handlers at once in this process. */
  concurrency: withDefault(fields.integer('WORKER_CONCURRENCY', { min: 1, max: 1_000 }), 50),
  /** Signs the calls of the `http` handler. */
  masterKey: optional(fields.masterKey()),
  /** Private ranges that the `http` handler may call, for development. */
  webhookAllow: fields.webhookAllow(),
  handlers: optional(
    fields.text(
      'WORKER_HANDLERS',
      'the path or the package name of a module that exports Nest controllers, or a Nest module',
    ),
  ),
  /** How long running handlers may go on after SIGTERM. */
  drainGraceMs: withDefault(fields.duration('DRAIN_GRACE_MS', { max: 3_600_000 }), 10_000),
};

export type WorkerConfig = ServiceConfig & ConfigOf<typeof workerFields>;
