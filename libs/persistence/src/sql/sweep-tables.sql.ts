import { limits } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

const keys = `
DELETE FROM baton.idempotency WHERE (tenant_id, route, key) IN (
  SELECT tenant_id, route, key FROM baton.idempotency
  WHERE created_at < (SELECT baton.now()) - ${limits.idempotencyMs} * interval '1 ms' ORDER BY created_at LIMIT $1
) RETURNING 1 AS one`;

/** Forgets idempotency keys after 24 h. @returns how many; fewer than `limit` when none is left */
export async function sweepIdempotency(db: Queryable, limit: number): Promise<number> {
  return (await run(db, 'sweep-idempotency', keys, [limit])).length;
}

const workers = `
DELETE FROM baton.worker w WHERE w.id IN (
  SELECT id FROM baton.worker o
  WHERE o.state <> 'alive' AND greatest(o.registered_at, o.lease_until, o.heard_at) < (SELECT baton.now()) - interval '1 day'
    AND NOT EXISTS (SELECT FROM baton.job j WHERE j.worker_id = o.id AND j.state = 'running')
  LIMIT $1
) RETURNING 1 AS one`;

/** Forgets workers that have been gone for a day. */
export async function sweepWorkers(db: Queryable, limit: number): Promise<number> {
  return (await run(db, 'sweep-workers', workers, [limit])).length;
}

const history = `
DELETE FROM baton.job_history_long WHERE (id, drop_day) IN (
  SELECT id, drop_day FROM baton.job_history_long WHERE expires_at < (SELECT baton.now()) ORDER BY expires_at LIMIT $1
) RETURNING 1 AS one`;

/** Forgets terminal jobs that were kept for longer than partitions are made ahead. */
export async function sweepHistory(db: Queryable, limit: number): Promise<number> {
  return (await run(db, 'sweep-history', history, [limit])).length;
}

const strayHistory = `
DELETE FROM baton.job_history_default WHERE ctid IN (
  SELECT ctid FROM baton.job_history_default WHERE expires_at < (SELECT baton.now()) LIMIT $1
) RETURNING 1 AS one`;

/** Forgets what came into history when its day had no partition. */
export async function sweepStrayHistory(db: Queryable, limit: number): Promise<number> {
  return (await run(db, 'sweep-stray-history', strayHistory, [limit])).length;
}
