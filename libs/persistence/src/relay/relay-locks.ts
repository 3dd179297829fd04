import { shardCount, timersShard } from '@baton/contracts';
import { lockClasses } from '../wake/session-locks.js';

/** Leadership of shard n is the session advisory lock (relayLockClass, n). */
export const relayLockClass = lockClasses.shard;

/** Objects of the class that are no shards: a new session tries its connection out on one of them. */
export const probeLockObjects = { from: timersShard + 1, count: 1_000_000 } as const;

/** A replica's share of the shards when `replicas` live. The timers are over and above it. */
export function shardShare(replicas: number): number {
  return Math.ceil(shardCount / Math.max(1, replicas));
}
