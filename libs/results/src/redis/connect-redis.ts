import { Redis } from 'ioredis';

/**
 * A connection that fails fast while Redis is away, since everything in Redis is a copy, and comes back by itself.
 * @param log told once for each time that Redis goes away
 */
export function connectRedis(url: string, log: (message: string, error: Error) => void): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: true,
    commandTimeout: 2_000,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(times * 100, 1_000),
  });
  let away = false;
  redis.on('error', (error: Error) => {
    if (!away) log('Redis is not reachable', error);
    away = true;
  });
  redis.on('ready', () => (away = false));
  return redis;
}
