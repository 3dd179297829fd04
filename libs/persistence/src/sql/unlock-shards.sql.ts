import { relayLockClass } from '../relay/relay-locks.js';
import { run, type Queryable } from './statement.js';

const text = `
SELECT shard FROM unnest($1::integer[]) AS shard WHERE pg_advisory_unlock(${relayLockClass}, shard)`;

/** Gives shards back to whoever asks next. @returns those that this session held */
export async function unlockShards(db: Queryable, shards: readonly number[]): Promise<number[]> {
  const rows = await run<{ shard: number }>(db, 'unlock-shards', text, [shards]);
  return rows.map((row) => row.shard);
}
