import { Database, Notifier } from '@baton/persistence';
import { connectRedis, NotifyOutcomeFeed, RedisOutcomeFeed } from '@baton/results';
import { PollingServer } from '@baton/worker-kit/polling';
import type { Logger } from 'pino';
import type { JobSource, SourceOptions } from './job-source.js';

const applicationName = 'baton-worker';
/** A claim, a settle, a renewal and one to spare. */
const connections = 4;

/** Jobs from PostgreSQL. Loaded in this mode alone. */
export async function openPollingSource(
  { databaseUrl, redisUrl, log }: { databaseUrl: string; redisUrl: string | undefined; log: Logger },
  options: SourceOptions,
): Promise<JobSource> {
  const warn = (message: string, err: Error): void => log.warn({ err }, message);
  const database = await Database.open(databaseUrl, { applicationName, max: connections, plansOnce: true });
  const notifier = new Notifier(databaseUrl, { applicationName, log: warn });
  const feed = redisUrl
    ? new RedisOutcomeFeed(connectRedis(redisUrl, warn), warn)
    : new NotifyOutcomeFeed(notifier);
  const server = new PollingServer({ ...options, database, notifier, feed, log, applicationName });
  return {
    server,
    checks: [{ name: 'postgresql', check: async () => requireListening(server) }],
    close: async () => {
      await server.close();
      await feed.close();
      await notifier.close();
      await database.close();
    },
  };
}

function requireListening(server: PollingServer): void {
  if (!server.healthy) throw new Error('the connection that listens for wake-ups is down');
}
