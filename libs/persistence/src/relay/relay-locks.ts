import { shardCount, timersShard } from '@baton/contracts';

/**
 * Leadership of shard n is the session advisory lock (relayLockClass, n). The class is arbitrary and has only to
 * be the same in every release and nobody else's.
 */
export const relayLockClass = 7_208_302;

/** An object of the class that is no shard: a session tries it on at its start. */
export const probeLockObjects = { from: timersShard + 1, count: 1_000_000 } as const;

/** A replica's share of the shards, when `replicas` live. The timers are over and above it. */
export function shardShare(replicas: number): number {
  return Math.ceil(shardCount / Math.max(1, replicas));
}
