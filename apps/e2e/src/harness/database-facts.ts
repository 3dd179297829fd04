import type { Fleet } from './fleet.js';
import { holdersOfShards, sessionsWithSnapshot } from './database-facts.sql.js';

/** The relay sessions that hold shards, by their backend's pid, with how many each holds. */
export async function shardHolders(fleet: Fleet): Promise<Map<number, number>> {
  const { rows } = await fleet.database.pool.query<{ pid: number; shards: number }>(holdersOfShards);
  return new Map(rows.map(({ pid, shards }) => [pid, shards]));
}

/** Sessions of Baton's whose snapshot is older than so many milliseconds, which keeps VACUUM from its work. */
export async function holdingBackVacuum(fleet: Fleet, olderThanMs: number): Promise<string[]> {
  const { rows } = await fleet.database.pool.query<{ application_name: string }>(sessionsWithSnapshot, [
    olderThanMs,
  ]);
  return rows.map((row) => row.application_name);
}
