import { shardCount, timersShard } from '@baton/contracts';
import { relayLockClass } from '../relay/relay-locks.js';
import { run, type Queryable } from './statement.js';

export interface LeadShardsParams {
  replicaId: string;
  host: string;
  pid: number;
  /** Of this session, as PostgreSQL spells it (microseconds count). */
  backendStart: string;
  /** A replica that has not renewed its row for so long is taken for dead; its session is ended. */
  staleMs: number;
  /** False while the replica leaves: it renews what it has and takes nothing. */
  take: boolean;
}

/** A shard under a leader's epoch. */
export interface Term {
  shard: number;
  epoch: number;
}

export interface LeadShardsRow {
  /** Replicas with a living session and a fresh row, this one included. */
  replicas: number;
  /** Shards whose locks this session held before the statement. */
  held: number[];
  taken: Term[];
  /** Shards, the timers among them, that nobody leads now. */
  leaderless: number;
  /** Replicas whose sessions this statement ended. */
  deposed: string[];
  /** A polling worker has a lease, or runs something although its lease is over. */
  pollingRuns: boolean;
  /** Partitions of the outcomes topic whose workers run something. */
  eventPartitions: number[];
}

/**
 * All that a replica asks of PostgreSQL each second: it shows that the session lives, renews the replica's row,
 * ends the sessions of stale replicas, and takes what is free up to its share. Nothing in it waits for a lock
 * on a shard: a waiting session would hold a snapshot, and VACUUM could remove nothing.
 *
 * Time is PostgreSQL's own (not `baton.now()`, which tests shift): a shifted clock must depose nobody.
 * The rows of `relay_shard` are locked in order of shard, as the fenced delete locks them.
 */
const text = `
WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
renewed AS (
  INSERT INTO baton.relay_replica (id, host, pid, backend_pid, backend_start, started_at, renewed_at)
  SELECT $1::uuid, $2, $3::integer, pg_backend_pid(), $4::timestamptz, now, now FROM clock
  ON CONFLICT (id) DO UPDATE SET renewed_at = excluded.renewed_at,
    backend_pid = excluded.backend_pid, backend_start = excluded.backend_start
), others AS MATERIALIZED (
  SELECT r.id, r.backend_pid, r.renewed_at < clock.now - $5 * interval '1 millisecond' AS stale, s.pid IS NOT NULL AS connected
  FROM clock, baton.relay_replica r
  LEFT JOIN pg_stat_activity s ON s.pid = r.backend_pid AND s.backend_start = r.backend_start
  WHERE r.id <> $1::uuid
), deposed AS MATERIALIZED (
  SELECT id, pg_terminate_backend(backend_pid) AS ended FROM others WHERE stale AND connected
), forgotten AS (
  DELETE FROM baton.relay_replica r USING others o WHERE r.id = o.id AND o.stale AND NOT o.connected
), locks AS MATERIALIZED (
  SELECT objid::integer AS shard, pid FROM pg_locks
  WHERE locktype = 'advisory' AND classid = ${relayLockClass} AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
), live AS MATERIALIZED (
  SELECT 1 + count(*) FILTER (WHERE connected AND NOT stale) AS replicas FROM others
), room AS MATERIALIZED (
  SELECT greatest(0, ceil(${shardCount}.0 / replicas)
    - (SELECT count(*) FROM locks WHERE pid = pg_backend_pid() AND shard < ${shardCount})) AS shards FROM live
), free AS MATERIALIZED (
  (SELECT shard FROM baton.relay_shard s
   WHERE $6::boolean AND shard < ${shardCount} AND NOT EXISTS (SELECT FROM locks WHERE locks.shard = s.shard)
   ORDER BY random() LIMIT (SELECT shards FROM room))
  UNION ALL
  SELECT ${timersShard} WHERE $6::boolean AND NOT EXISTS (SELECT FROM locks WHERE shard = ${timersShard})
), tried AS MATERIALIZED (
  SELECT shard, pg_try_advisory_lock(${relayLockClass}, shard) AS got FROM free
), fence AS MATERIALIZED (
  SELECT s.shard FROM baton.relay_shard s WHERE s.shard IN (SELECT shard FROM tried WHERE got) ORDER BY s.shard FOR UPDATE
), taken AS (
  UPDATE baton.relay_shard s SET epoch = s.epoch + 1, replica_id = $1::uuid, taken_at = clock.now
  FROM fence, clock WHERE s.shard = fence.shard RETURNING s.shard, s.epoch
)
SELECT
  (SELECT replicas::integer FROM live) AS "replicas",
  ARRAY(SELECT shard FROM locks WHERE pid = pg_backend_pid() AND shard <= ${timersShard}) AS "held",
  (SELECT coalesce(json_agg(taken), '[]') FROM taken) AS "taken",
  (SELECT ${shardCount + 1} - count(*) FILTER (WHERE shard <= ${timersShard}) - (SELECT count(*) FROM taken) FROM locks)::integer AS "leaderless",
  ARRAY(SELECT id::text FROM deposed WHERE ended) AS "deposed",
  EXISTS (
    SELECT FROM baton.worker w
    WHERE w.source = 'polling' AND w.state = 'alive' AND (w.lease_until > baton.now() OR EXISTS (
      SELECT FROM baton.job j WHERE j.worker_id = w.id AND j.state = 'running'))
  ) AS "pollingRuns",
  ARRAY(
    SELECT DISTINCT w.partition FROM baton.worker w
    WHERE w.source = 'event' AND w.partition IS NOT NULL
      AND EXISTS (SELECT FROM baton.job j WHERE j.worker_id = w.id AND j.state = 'running')
  ) AS "eventPartitions"`;

export async function leadShards(db: Queryable, params: LeadShardsParams): Promise<LeadShardsRow> {
  const { replicaId, host, pid, backendStart, staleMs, take } = params;
  const rows = await run<LeadShardsRow & { [column: string]: unknown }>(db, 'lead-shards', text, [
    replicaId,
    host,
    pid,
    backendStart,
    staleMs,
    take,
  ]);
  const [row] = rows;
  if (!row) throw new Error('lead-shards answered no row');
  return row;
}
