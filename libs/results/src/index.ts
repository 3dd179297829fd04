export type { OutcomeFeed, OutcomeWakes } from './outcome-feed.js';
export type { ResultReader } from './result-reader.js';
export { ListenOutcomeWakes } from './postgres/listen-outcome-wakes.js';
export { NotifyOutcomeFeed } from './postgres/notify-outcome-feed.js';
export { PostgresResultReader } from './postgres/postgres-result-reader.js';
export { connectRedis } from './redis/connect-redis.js';
export { HotResultReader } from './redis/hot-result-reader.js';
export { RedisOutcomeFeed } from './redis/redis-outcome-feed.js';
export { RedisOutcomeWakes } from './redis/redis-outcome-wakes.js';
