/** First keys of Baton's session advisory locks, so that `pg_locks` tells them apart. */
export const lockClasses = {
  /** Second key: the worker's number. */
  worker: 7_208_302,
  /** Second key: the shard. */
  shard: 7_208_303,
} as const;
