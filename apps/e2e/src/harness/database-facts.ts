import { timing } from '@baton/contracts';
import type { Fleet } from './fleet.js';
import { holdersOfShards, sessionsWithSnapshot, upFor } from './database-facts.sql.js';
import { until } from './until.js';

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

/** Waits until PostgreSQL has run for longer than nobody is rescued after its start. */
export async function pastRestartGrace(fleet: Fleet): Promise<void> {
  const isPast = async (): Promise<boolean> => {
    const { rows } = await fleet.database.pool.query<{ past: boolean }>(upFor, [timing.rescueGraceMs]);
    return rows[0]!.past;
  };
  await until(isPast, {
    ms: timing.rescueGraceMs + 5_000,
    everyMs: 200,
    what: 'PostgreSQL to have run for a while',
  });
}
