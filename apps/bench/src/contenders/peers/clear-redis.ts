import { Redis } from 'ioredis';
import { until } from '../../processes/within.js';

/** Empties a Redis and has it write its append-only file anew, so that no turn pays for the one before. */
export async function clearRedis(url: string): Promise<void> {
  const redis = new Redis(url);
  try {
    await redis.flushall();
    await redis.call('BGREWRITEAOF');
    const isRewritten = async (): Promise<true | undefined> =>
      /aof_rewrite_(in_progress|scheduled):1/.test(await redis.info('persistence')) ? undefined : true;
    await until('Redis rewriting its file', isRewritten, { seconds: 30, everyMs: 50 });
  } finally {
    redis.disconnect();
  }
}
