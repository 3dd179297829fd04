import type { Database, WakeLog } from '@baton/persistence';
import { JoinedOutcomeWakes } from './joined-outcome-wakes.js';
import { ListenOutcomeWakes } from './postgres/listen-outcome-wakes.js';
import { PostgresResultReader } from './postgres/postgres-result-reader.js';
import { connectRedis } from './redis/connect-redis.js';
import { HotResultReader } from './redis/hot-result-reader.js';
import { RedisOutcomeWakes } from './redis/redis-outcome-wakes.js';
import type { ResultReader } from './result-reader.js';
import { SharedWakes } from './shared-wakes.js';

/** Where results are read, and where their ends are heard of. */
export interface ResultSources {
  reader: ResultReader;
  wakes: SharedWakes;
  /** Rejects while Redis does not answer; undefined where there is none. */
  ping?: () => Promise<unknown>;
  close: () => Promise<void>;
}

export interface ResultSourcesOptions {
  databaseUrl: string;
  redisUrl?: string | undefined;
  database: Database;
  applicationName: string;
  log: WakeLog;
}

/** From Redis where it is configured, with PostgreSQL beneath; from PostgreSQL alone otherwise. */
export function openResults({
  databaseUrl,
  redisUrl,
  database,
  applicationName,
  log,
}: ResultSourcesOptions): ResultSources {
  const truth = new PostgresResultReader(database);
  if (redisUrl === undefined) {
    const wakes = new SharedWakes(new ListenOutcomeWakes(databaseUrl, { applicationName, log }));
    return { reader: truth, wakes, close: () => Promise.resolve() };
  }
  const redis = connectRedis(redisUrl, log);
  return {
    reader: new HotResultReader(redis, truth, log),
    // What is ended by who has no Redis (a cancel, by the producer) is told over PostgreSQL alone.
    wakes: new SharedWakes(
      new JoinedOutcomeWakes([
        new RedisOutcomeWakes(connectRedis(redisUrl, log)),
        new ListenOutcomeWakes(databaseUrl, { applicationName, log }),
      ]),
    ),
    ping: () => redis.ping(),
    close: async () => void (await redis.quit().catch(() => redis.disconnect())),
  };
}
