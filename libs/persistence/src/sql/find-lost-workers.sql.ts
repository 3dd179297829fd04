import { timing } from '@baton/contracts';
import { lockClasses } from '../wake/session-locks.js';
import { run, type Queryable } from './statement.js';

/** Why a worker is given up. */
export type LossReason = 'session' | 'lease' | 'silence';

export interface LostWorker {
  workerId: string;
  reason: LossReason;
}

/** A worker of this age without a session and without jobs is a process that is long gone. */
const forgottenMs = 60_000;

/** The numbers of the workers whose LISTEN connection holds its lock. */
const sessions = `
  SELECT objid::bigint AS number FROM pg_locks
  WHERE locktype = 'advisory' AND classid = ${lockClasses.worker} AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
/** Of `w`, the worker's row. */
export const hasSession = `(w.number IN (${sessions}))`;
export const isSilent = `w.heard_at < (
  SELECT p.reached_at FROM baton.inbox_progress p WHERE p.partition = w.partition) - ${timing.silentMs} * interval '1 ms'`;
const owns = `EXISTS (SELECT FROM baton.job j WHERE j.worker_id = w.id AND j.state = 'running')`;

// After a restart of PostgreSQL all sessions are gone at once, and their workers are not: real time, not baton.now().
const settled = `clock_timestamp() > pg_postmaster_start_time() + $1 * interval '1 ms'`;

const polling = `
WITH session AS MATERIALIZED (${sessions})
SELECT w.id AS "workerId", CASE WHEN s.number IS NULL THEN 'session' ELSE 'lease' END AS reason
FROM baton.worker w LEFT JOIN session s ON s.number = w.number
WHERE ${settled} AND w.source = 'polling' AND w.state = 'alive'
  AND CASE WHEN s.number IS NOT NULL THEN w.lease_until <= (SELECT baton.now()) AND ${owns}
    ELSE ${owns} OR w.registered_at < (SELECT baton.now()) - ${forgottenMs} * interval '1 ms' END`;

/**
 * Polling workers whose session is gone, or whose lease is over while they own something.
 * @param graceMs none for this long after PostgreSQL's start
 */
export function findLostPollingWorkers(
  db: Queryable,
  { graceMs }: { graceMs: number },
): Promise<LostWorker[]> {
  return run<LostWorker & { [column: string]: unknown }>(db, 'find-lost-polling-workers', polling, [graceMs]);
}

const event = `SELECT w.id AS "workerId", 'silence' AS reason FROM baton.worker w WHERE w.source = 'event' AND ${isSilent} AND ${owns}`;

/** Event workers that own something and have been silent for 6 s by the inbox's own clock. */
export function findSilentWorkers(db: Queryable): Promise<LostWorker[]> {
  return run<LostWorker & { [column: string]: unknown }>(db, 'find-silent-workers', event, []);
}
